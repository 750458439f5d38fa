using Hnv.Lab.Machine;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Programs that run in VMs beside a test, with their files and logs in a directory that goes with them.</summary>
internal sealed class GuestPrograms : IAsyncDisposable
{
    private readonly List<GuestProgram> _programs = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-guests-").FullName;

    /// <summary>Writes a file that the VM's programs find in their working directory; a script may be run.</summary>
    public void Write(LabVm vm, string name, string text)
    {
        string path = Path.Combine(Of(vm), name);
        File.WriteAllText(path, text);
        bool isScript = text.StartsWith("#!", StringComparison.Ordinal); // keepalived reads no file that may be run.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | (isScript ? UnixFileMode.UserExecute : UnixFileMode.None));
    }

    /// <summary>Copies a program of this machine there: profiles that tie it to files below /etc and /var go by its path.</summary>
    public void Copy(LabVm vm, string program)
    {
        string path = new[] { "/usr/sbin", "/sbin", "/usr/bin" }.Select(d => Path.Combine(d, program)).First(File.Exists);
        File.Copy(path, Path.Combine(Of(vm), program), overwrite: true);
    }

    /// <summary>A file that the VM's programs wrote; empty when they have not yet.</summary>
    public string Read(LabVm vm, string name) => Path.Combine(Of(vm), name) is var path && File.Exists(path) ? File.ReadAllText(path) : string.Empty;

    /// <summary>Starts a program in a VM.</summary>
    /// <param name="name">Of its log.</param>
    /// <param name="command">A line for the shell, which replaces itself with it; it must stay in the foreground.</param>
    public GuestProgram Start(LabVm vm, string name, string command)
    {
        var program = new GuestProgram(vm, Path.Combine(Of(vm), name + ".log"), vm.Start("sh", "-c", $"cd '{Of(vm)}' && echo $$ >'{name}.number' && exec {command} >>'{name}.log' 2>&1"), Path.Combine(Of(vm), name + ".number"));
        _programs.Add(program);
        return program;
    }

    /// <summary>Runs a line of the shell in a VM to its end, in the directory of its programs.</summary>
    public Task<CommandResult> RunAsync(LabVm vm, string line) => vm.ExecAsync("sh", "-c", $"cd '{Of(vm)}' && {line}");

    /// <summary>The ends of all logs, for the message of a failed test.</summary>
    public string LastWords() => string.Join('\n', _programs.Select(p => p.LastWords()));

    public async ValueTask DisposeAsync()
    {
        foreach (GuestProgram program in _programs)
        {
            await program.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private string Of(LabVm vm) => Directory.CreateDirectory(Path.Combine(_directory, vm.Name)).FullName;
}

/// <summary>One of them.</summary>
internal sealed class GuestProgram(LabVm vm, string log, LabProgram program, string numberFile) : IAsyncDisposable
{
    private bool _isEnded;

    /// <summary>What it wrote.</summary>
    public string Log => File.Exists(log) ? File.ReadAllText(log) : string.Empty;

    public bool HasExited => _isEnded || program.HasExited;

    /// <summary>Sends it a signal: <c>TERM</c>, <c>USR1</c>…</summary>
    public async Task SignalAsync(string signal) => (await vm.ExecAsync("kill", "-" + signal, (await File.ReadAllTextAsync(numberFile)).Trim())).EnsureSuccess();

    /// <summary>Asks it to end, and waits until it has.</summary>
    public async Task EndAsync()
    {
        await SignalAsync("TERM");
        _ = await program.WaitAsync(TestContext.Current.CancellationToken);
    }

    public string LastWords() => $"{Path.GetFileName(log)} of {vm.Name}{(HasExited ? " (ended)" : string.Empty)}:\n{string.Join('\n', Log.Split('\n').TakeLast(25))}";

    /// <summary>Ends it and its children at once, as a crash would.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            await program.DisposeAsync();
        }
    }
}
