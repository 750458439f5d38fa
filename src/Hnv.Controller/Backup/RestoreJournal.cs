using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hnv.Api;
using Hnv.Linux;
using Hnv.StateLog.Sqlite;

namespace Hnv.Controller.Backup;

/// <summary>
/// The renames that put a restored state in the place of another one, written down before the first and forgotten after the last. Whatever ends the
/// program in between, they can be taken back; until they are, no controller starts (<see cref="LogRestore.RefuseUnfinished"/>).
/// <code>
///   state.db           ─►  state.db.replaced-TIME       (-wal, -shm likewise)
///   pki                ─►  pki.replaced-TIME
///   pki.restoring      ─►  pki
///   state.db.restoring ─►  state.db
/// </code>
/// </summary>
/// <remarks>
/// The file holds the time and which of these renames there are, no paths: root reads it, but a service may own the directory. A rename was done when
/// what it renames is gone, asked in the reverse order; so nothing may be removed while the journal stands.
/// </remarks>
internal sealed partial class RestoreJournal
{
    private const string Pki = "pki";

    private readonly string _file;
    private readonly bool _isFound;

    private RestoreJournal(string file, ImmutableArray<Rename> renames, bool isFound) => (_file, Renames, _isFound) = (file, renames, isFound);

    /// <summary>In their order.</summary>
    public ImmutableArray<Rename> Renames { get; }

    /// <summary>What is set aside, under its new names.</summary>
    public ImmutableArray<string> SetAside => [.. Renames.Where(static r => r.SetsAside).Select(static r => r.To)];

    /// <summary>Writes down what has to be renamed, as things stand. Everything new is on disk already.</summary>
    /// <exception cref="IOException">It cannot be written; nothing was renamed.</exception>
    public static RestoreJournal Begin(ControllerPlaces places, string stamp)
    {
        bool replacesPki = Directory.Exists(PkiOf(places) + LogRestore.Unpacked);
        ImmutableArray<Rename> renames = [.. Possible(places, stamp).Where(r => Path.Exists(r.From) && (r.Name != Pki || replacesPki))];
        string file = LogRestore.JournalOf(places.LogFile);
        DirectorySync.Flush(places.DataDirectory);
        DirectorySync.Flush(Path.GetDirectoryName(file)!);
        ReplacedFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(new Content(stamp, Path.GetFullPath(places.DataDirectory), [.. renames.Select(static r => r.Name)]), HnvJson.Options));
        return new RestoreJournal(file, renames, isFound: false);
    }

    /// <summary>What an earlier restore left; null: nothing.</summary>
    /// <exception cref="BackupException">It is not one, or of other places.</exception>
    public static RestoreJournal? Find(ControllerPlaces places)
    {
        string file = LogRestore.JournalOf(places.LogFile);
        if (!File.Exists(file))
        {
            return null;
        }

        Content? content = null;
        try
        {
            content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(file), HnvJson.Options);
        }
        catch (JsonException)
        {
            // As one that says nothing.
        }

        if (content is not { Time: not null, Data: not null, Renames.IsDefault: false } || !TimePattern().IsMatch(content.Time))
        {
            throw new BackupException($"{file} is not a journal of a restore. What was there before is beside it as *.replaced-TIME: move that back by hand, remove {file}, and try again.");
        }

        if (content.Data != Path.GetFullPath(places.DataDirectory))
        {
            throw new BackupException($"The restore that was broken off had the data directory {content.Data}; give the same one: --data {content.Data}.");
        }

        return new RestoreJournal(file, [.. Possible(places, content.Time).Where(r => content.Renames.Contains(r.Name, StringComparer.Ordinal))], isFound: true);
    }

    /// <summary>Renames everything and forgets it.</summary>
    /// <exception cref="IOException">Something cannot be renamed: <see cref="TakeBack"/>.</exception>
    public void Carry()
    {
        foreach (Rename rename in Renames)
        {
            rename.Do();
        }

        Close();
    }

    /// <summary>Renames back what was renamed, and forgets it. May be done any number of times.</summary>
    /// <exception cref="IOException">Something cannot be renamed back; the journal stands.</exception>
    /// <exception cref="BackupException">Something new stands in the place of what was set aside; nothing was renamed, and the journal stands.</exception>
    public void TakeBack()
    {
        // In the meantime: of what this process began itself everything is known.
        if (_isFound && Renames.FirstOrDefault(r => r.SetsAside && Path.Exists(r.To) && Path.Exists(r.From) && !MovedIn(r.From)) is { } rename)
        {
            throw new BackupException(
                $"The restore that was broken off had set aside {rename.From} as {rename.To}, and since then somebody made a new {rename.From}. "
                + $"Hosts know what was set aside. Move {rename.From} away, and try again.");
        }

        foreach (Rename done in Renames.Reverse())
        {
            done.Undo();
        }

        Close();
    }

    private static string PkiOf(ControllerPlaces places) => Path.GetFullPath(places.PkiDirectory);

    /// <summary>All that a restore may rename, in its order.</summary>
    private static IEnumerable<Rename> Possible(ControllerPlaces places, string stamp)
    {
        string pki = PkiOf(places);

        // The log's companions keep their place behind its name, so that it opens under the new one with all that was written.
        foreach (string companion in LogFiles.Companions.Insert(0, string.Empty))
        {
            yield return new Rename($"log{companion}", places.LogFile + companion, $"{places.LogFile}.replaced-{stamp}{companion}", SetsAside: true);
        }

        yield return new Rename(Pki, pki, $"{pki}.replaced-{stamp}", SetsAside: true);
        yield return new Rename("new pki", pki + LogRestore.Unpacked, pki, SetsAside: false);

        // Last, since with it the controller has a state.
        yield return new Rename("new log", LogRestore.UnpackedOf(places.LogFile), places.LogFile, SetsAside: false);
    }

    /// <summary>Whether what stands there is what this restore moved in, and will move out again.</summary>
    private bool MovedIn(string path) => Renames.Any(r => !r.SetsAside && r.To == path && !Path.Exists(r.From));

    [GeneratedRegex(@"\A[0-9]{8}T[0-9]{6}Z\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimePattern();

    private void Close()
    {
        foreach (string directory in Renames.Select(static r => Path.GetDirectoryName(r.To)!).Distinct(StringComparer.Ordinal))
        {
            DirectorySync.Flush(directory);
        }

        File.Delete(_file);
        DirectorySync.Flush(Path.GetDirectoryName(_file)!);
    }

    /// <param name="Name">In the journal.</param>
    /// <param name="From">A file or a directory.</param>
    /// <param name="To">In the same file system; nothing of that name is there.</param>
    /// <param name="SetsAside">Rather than moving in.</param>
    internal sealed record Rename(string Name, string From, string To, bool SetsAside)
    {
        public void Do() => Move(From, To);

        public void Undo()
        {
            if (!Path.Exists(From) && Path.Exists(To))
            {
                Move(To, From);
            }
        }

        private static void Move(string from, string to)
        {
            if (Directory.Exists(from))
            {
                Directory.Move(from, to);
            }
            else
            {
                File.Move(from, to, overwrite: false);
            }
        }
    }

    private sealed record Content(string Time, string Data, ImmutableArray<string> Renames);
}
