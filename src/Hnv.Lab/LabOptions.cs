namespace Hnv.Lab;

/// <summary>Where a lab lives and what it runs.</summary>
public sealed record LabOptions
{
    /// <summary>The name of the lab that <c>hnv lab up</c> makes.</summary>
    public const string DefaultName = "hnv";

    /// <summary>
    /// Names of its namespaces begin with it: <c>hnv-host1</c>. Labs of different names run side by side. At most 15 letters and digits.
    /// </summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>Everything of the lab that is a file: state, sockets, logs, pins. Removed by <see cref="NetworkLab.DownAsync"/>.</summary>
    public string Directory => DirectoryOf(Name);

    /// <summary>The <c>hnv</c> program that controller, agents and relays are started from; null: the one beside this assembly.</summary>
    public string? Executable { get; init; }

    /// <summary>A loopback address for browsers and curl besides the unix socket; null: none, so that labs do not meet.</summary>
    public string? ControllerUrl { get; init; }

    /// <summary>UDP port of networks in VXLAN, which every agent is told; null: the agents' own default.</summary>
    public ushort? VxlanPort { get; init; }

    /// <summary>How long processes may take to start, and hosts to realise what they are told.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The directory of a lab.</summary>
    public static string DirectoryOf(string name) => $"/run/{name}-lab";

    /// <summary>Address of the running default lab's controller; null when no lab runs.</summary>
    public static string? RunningController() => new LabPaths(DirectoryOf(DefaultName)) is var paths && File.Exists(paths.ControllerSocket) ? paths.ControllerAddress : null;

    internal string FindExecutable()
    {
        string path = Executable
            ?? (Path.GetFileName(Environment.ProcessPath) == "hnv" ? Environment.ProcessPath! : Path.Combine(AppContext.BaseDirectory, "hnv"));
        return File.Exists(path) ? path : throw new LabException($"The program {path} is not there; the lab runs controller and agents from it.");
    }
}
