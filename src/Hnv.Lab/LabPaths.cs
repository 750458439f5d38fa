namespace Hnv.Lab;

/// <summary>
/// The files of a lab:
/// <code>
///   lock  state.json  controller.sock  controller/state.db
///   hosts/HOST/       state directory of its agent
///   vms/VM/           files of a VM, working directory of its programs
///   processes/NAME    who runs (pid, start, boot); relays have a socket there
///   logs/NAME.log
/// </code>
/// </summary>
internal sealed record LabPaths(string Root)
{
    public string Lock => Root + ".lock";

    public string State => $"{Root}/state.json";

    public string ControllerSocket => $"{Root}/controller.sock";

    public string ControllerAddress => $"unix:{ControllerSocket}";

    public string ControllerDirectory => $"{Root}/controller";

    public string Processes => $"{Root}/processes";

    public string Logs => $"{Root}/logs";

    public string Host(string name) => $"{Root}/hosts/{name}";

    public string Vm(string name) => $"{Root}/vms/{name}";

    public string Process(string name) => $"{Processes}/{name}.json";

    /// <summary>Where a relay takes commands.</summary>
    public string Control(string name) => $"{Processes}/{name}.sock";

    public string Log(string name) => $"{Logs}/{name}.log";
}
