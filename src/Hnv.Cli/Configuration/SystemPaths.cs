using Hnv.Agent;
using Hnv.Controller;

namespace Hnv.Cli.Configuration;

/// <summary>Where the packages and <c>hnv install</c> put settings and state.</summary>
internal static class SystemPaths
{
    /// <summary>Settings of all components.</summary>
    public const string Settings = "/etc/hnv";

    public const string AgentSettings = $"{Settings}/agent.yaml";

    public const string ControllerSettings = $"{Settings}/controller.yaml";

    public const string ClientSettings = $"{Settings}/client.yaml";

    /// <summary>The directory that the components' state directories are in.</summary>
    public const string State = "/var/lib/hnv";

    public const string AgentState = AgentOptions.DefaultStateDirectory;

    public const string ControllerState = ControllerOptions.DefaultDataDirectory;
}
