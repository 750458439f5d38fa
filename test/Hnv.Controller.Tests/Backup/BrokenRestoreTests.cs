using Hnv.Controller.Backup;
using Hnv.Controller.Identity;
using Hnv.Model.Resources;
using Hnv.StateLog.Sqlite;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Backup;

/// <summary>A restore that fails or is killed in the middle: the controller comes back with a state, or not at all.</summary>
public sealed class BrokenRestoreTests : IAsyncDisposable
{
    private const string Stamp = "20260102T030405Z";
    private readonly SavedController _cloud = new();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_controller_does_not_start_on_a_restore_that_was_killed_and_the_next_one_puts_it_right(int renames)
    {
        byte[] old = await KilledAsync(renames);

        ControllerStartException start = await Assert.ThrowsAsync<ControllerStartException>(_cloud.StartAsync);
        Assert.Contains("hnv controller restore", start.Message, StringComparison.Ordinal);

        RestoreResult result = await _cloud.RestoreAsync("a.backup", force: true);

        Assert.Contains(result.Remarks, static r => r.Contains("broken off", StringComparison.Ordinal));
        Assert.Equal(old, await File.ReadAllBytesAsync(result.SetAside.Single(static p => p.EndsWith('Z') && p.Contains("state.db", StringComparison.Ordinal)), Cancelled));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_cloud.Data), static p => p.Contains(".restor", StringComparison.Ordinal));
        await _cloud.StartAsync();
        Assert.Equal(2, (await _cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_restore_that_was_killed_is_taken_back_by_one_that_fails(int renames)
    {
        byte[] old = await KilledAsync(renames);
        string fingerprint = Convert.ToHexString(ControllerPki.Load(_cloud.Places.DataDirectory)?.Fingerprint ?? []);
        await File.WriteAllTextAsync(_cloud.File("b.backup"), "something else", Cancelled);

        await Assert.ThrowsAsync<BackupException>(() => _cloud.RestoreAsync("b.backup", force: true));

        Assert.Equal(old, await File.ReadAllBytesAsync(_cloud.Places.LogFile, Cancelled));
        Assert.True(fingerprint.Length == 0 || fingerprint == Convert.ToHexString(ControllerPki.Load(_cloud.Data)!.Fingerprint));
        await _cloud.StartAsync();
        Assert.Equal(3, (await _cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Length);
    }

    [Fact]
    public async Task Restore_ThatFailsBetweenTheOldAndTheNew_PutsTheOldBack()
    {
        byte[] old = await SavedAndChangedAsync(configuration: "listen: [https://0.0.0.0:8640]\n");
        File.Delete(_cloud.Places.ConfigurationFile!);

        // The log is set aside before this is in the way.
        Directory.CreateDirectory($"{ControllerPki.DirectoryOf(_cloud.Data)}.replaced-{Stamp}");
        await Assert.ThrowsAsync<BackupException>(() => _cloud.RestoreAsync("a.backup", force: true, new StoppedClock(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))));

        Assert.Equal(old, await File.ReadAllBytesAsync(_cloud.Places.LogFile, Cancelled));
        Assert.False(File.Exists(_cloud.Places.ConfigurationFile));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_cloud.Data), static p => p.Contains(".restor", StringComparison.Ordinal));
        await _cloud.StartAsync();
        Assert.Equal(3, (await _cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Length);
    }

    [Fact]
    public async Task Restore_WhereTheConfigurationCannotBeWritten_ChangesNothing()
    {
        byte[] old = await SavedAndChangedAsync(configuration: "listen: [https://0.0.0.0:8640]\n");
        string etc = Path.GetDirectoryName(_cloud.Places.ConfigurationFile)!;
        Directory.Delete(etc, recursive: true);
        await File.WriteAllTextAsync(etc, "a file where a directory should be", Cancelled);

        await Assert.ThrowsAsync<BackupException>(() => _cloud.RestoreAsync("a.backup", force: true));

        Assert.Equal(old, await File.ReadAllBytesAsync(_cloud.Places.LogFile, Cancelled));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_cloud.Data), static p => p.Contains("replaced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restore_that_was_killed_while_it_unpacked_keeps_a_controller_without_a_state_from_starting()
    {
        await SavedAndChangedAsync();
        await File.WriteAllTextAsync(LogRestore.UnpackedOf(_cloud.Places.LogFile), "half of", Cancelled);
        await _cloud.StartAsync(); // The old state is whole.
        await _cloud.StopAsync();
        File.Delete(_cloud.Places.LogFile);

        ControllerStartException start = await Assert.ThrowsAsync<ControllerStartException>(_cloud.StartAsync);

        Assert.Contains("hnv controller restore", start.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_cloud.Places.LogFile));
        await _cloud.RestoreAsync("a.backup", force: true);
        await _cloud.StartAsync();
    }

    /// <summary>a.backup holds two ports; there is a third since.</summary>
    /// <returns>The log.</returns>
    private async Task<byte[]> SavedAndChangedAsync(string? configuration = null)
    {
        if (configuration is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_cloud.Places.ConfigurationFile)!);
            await File.WriteAllTextAsync(_cloud.Places.ConfigurationFile!, configuration, Cancelled);
        }

        await _cloud.StartAsync();
        await _cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        Assert.Equal(2, (await _cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Length);
        await _cloud.BackupAsync("a.backup");
        await _cloud.Admin.ApplyAsync([Json(Port(3, 1))], cancellationToken: Cancelled);
        await _cloud.StopAsync();
        return await File.ReadAllBytesAsync(_cloud.Places.LogFile, Cancelled);
    }

    /// <summary>As a restore leaves things that was killed after so many renames.</summary>
    private async Task<byte[]> KilledAsync(int renames)
    {
        byte[] old = await SavedAndChangedAsync();
        string elsewhere = _cloud.File("elsewhere");
        await using (FileStream input = File.OpenRead(_cloud.File("a.backup")))
        {
            await ControllerRestore.RunAsync(new ControllerPlaces(elsewhere, Path.Combine(elsewhere, "state.db"), null), input, "a.backup", false, TimeProvider.System, Cancelled);
        }

        File.Move(Path.Combine(elsewhere, "state.db"), LogRestore.UnpackedOf(_cloud.Places.LogFile));
        Directory.Move(ControllerPki.DirectoryOf(elsewhere), ControllerPki.DirectoryOf(_cloud.Data) + LogRestore.Unpacked);
        RestoreJournal journal = RestoreJournal.Begin(_cloud.Places, Stamp);
        Assert.Equal(4, journal.Renames.Length);
        foreach (RestoreJournal.Rename rename in journal.Renames.Take(renames))
        {
            rename.Do();
        }

        return old;
    }
}
