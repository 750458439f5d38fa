using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Hnv.Api;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Processes;

namespace Hnv.Lab.Machine;

/// <summary>
/// A process of the lab that outlives the command that started it: in a session of its own, its output in a log, its identity in a
/// file. Only a process that still has this identity is ever signalled.
/// </summary>
public sealed class LabDaemon
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_politeness = TimeSpan.FromSeconds(10);

    private readonly LabPaths _paths;
    private readonly string? _netns;
    private readonly ImmutableArray<string> _command;

    internal LabDaemon(LabPaths paths, string name, string? netns, ImmutableArray<string> command)
    {
        _paths = paths;
        Name = name;
        _netns = netns;
        _command = command;
    }

    /// <summary>E.g. <c>agent-host1</c>.</summary>
    public string Name { get; }

    /// <summary>Everything it wrote, of all its runs.</summary>
    public string LogFile => _paths.Log(Name);

    /// <summary>The process, if it runs.</summary>
    public ProcessIdentity? Process => Recorded is { Identity: { IsAlive: true } identity } ? identity : null;

    /// <summary>Number of the process; null when it does not run.</summary>
    public int? Pid => Process?.Pid;

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => Process is not null;

    private Record? Recorded => Read(_paths.Process(Name));

    /// <summary>Starts it unless it runs with this very command already; one that runs with another command (a newer build) is replaced.</summary>
    /// <returns>True when it was started.</returns>
    public async Task<bool> EnsureAsync(CancellationToken cancellationToken = default)
    {
        if (Recorded is { Identity.IsAlive: true } record)
        {
            if (record.Command.SequenceEqual(_command))
            {
                return false;
            }

            await StopAsync(cancellationToken);
        }

        Start();
        return true;
    }

    /// <summary>Starts it.</summary>
    /// <exception cref="LabException">It runs, or cannot be started.</exception>
    public void Start()
    {
        if (IsRunning)
        {
            throw new LabException($"{Name} runs already.");
        }

        Directory.CreateDirectory(_paths.Processes);
        Directory.CreateDirectory(_paths.Logs);
        // exec keeps the number of the process through sh and setsid.
        var info = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec setsid \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", LogFile, .. _command])
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        using Process process = _netns is null ? Command.Start(info) : StartInside(_netns, info);
        ProcessIdentity identity = ProcessIdentity.Of(process.Id) ?? throw new LabException($"{Name} ended at once; its last words are in {LogFile}.");
        Write(identity);
    }

    private void Write(ProcessIdentity identity) =>
        File.WriteAllBytes(_paths.Process(Name), JsonSerializer.SerializeToUtf8Bytes(new Record(identity, _command), HnvJson.Options));

    /// <summary>Asks it to end (SIGTERM), and ends it when it does not within ten seconds.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (Process is { } identity)
        {
            await StopAsync(identity, cancellationToken);
        }

        File.Delete(_paths.Process(Name));
    }

    /// <summary>Ends it at once, as a crash would (SIGKILL), and waits until it is gone.</summary>
    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        if (Process is { } identity)
        {
            _ = identity.Send(ProcessSignals.Kill);
            await GoneAsync(identity, TimeSpan.FromSeconds(10), cancellationToken);
        }
    }

    /// <summary>The process that runs under this name does what this command says now, without having been started anew.</summary>
    internal void Adopt()
    {
        if (Recorded is { Identity.IsAlive: true } record)
        {
            Write(record.Identity);
        }
    }

    /// <summary>Stops and starts it.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync(cancellationToken);
        Start();
    }

    /// <summary>Freezes it (SIGSTOP): it neither answers nor ends its connections.</summary>
    public void Freeze() => Process?.Send(ProcessSignals.Stop);

    /// <summary>Lets a frozen one go on.</summary>
    public void Thaw() => Process?.Send(ProcessSignals.Continue);

    /// <summary>The end of its log, for messages.</summary>
    public string LastWords(int lines = 8) =>
        File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(lines).Select(l => "  " + l)) : "  (it wrote nothing)";

    /// <summary>Ends whatever is recorded under a name, without knowing how it was started.</summary>
    internal static async Task StopRecordedAsync(string recordFile, CancellationToken cancellationToken)
    {
        if (Read(recordFile) is { Identity: { IsAlive: true } identity })
        {
            await StopAsync(identity, cancellationToken);
        }

        File.Delete(recordFile);
    }

    private static async Task StopAsync(ProcessIdentity identity, CancellationToken cancellationToken)
    {
        _ = identity.Send(ProcessSignals.Continue);
        _ = identity.Send(ProcessSignals.Terminate);
        if (!await GoneAsync(identity, s_politeness, cancellationToken))
        {
            _ = identity.Send(ProcessSignals.Kill);
            await GoneAsync(identity, s_politeness, cancellationToken);
        }
    }

    private static async Task<bool> GoneAsync(ProcessIdentity identity, TimeSpan patience, CancellationToken cancellationToken)
    {
        long since = Stopwatch.GetTimestamp();
        while (identity.IsAlive)
        {
            if (Stopwatch.GetElapsedTime(since) > patience)
            {
                return false;
            }

            await Task.Delay(s_poll, cancellationToken);
        }

        return true;
    }

    private static Process StartInside(string netns, ProcessStartInfo info)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        return inside.Start(info);
    }

    private static Record? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Record>(File.ReadAllBytes(file), HnvJson.Options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null; // Never written, or half written when the machine stopped: then nothing of it runs.
        }
    }

    private sealed record Record(ProcessIdentity Identity, ImmutableArray<string> Command);
}
