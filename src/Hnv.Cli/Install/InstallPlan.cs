using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Hnv.Cli.Configuration;

namespace Hnv.Cli.Install;

/// <summary>
/// What installing a component on a machine without packages does:
/// <code>
///   /usr/local/lib/hnv/            the program, and dotnet/ with the runtime that runs it now
///   /usr/local/bin/hnv             a link to it
///   /etc/systemd/system/           units
///   /etc/sysusers.d, tmpfiles.d    the user, and the directories with owner and mode
///   /etc/hnv/agent.yaml            settings; never overwritten
/// </code>
/// </summary>
internal static class InstallPlan
{
    public const string ProgramDirectory = "/usr/local/lib/hnv";

    public const string ProgramLink = "/usr/local/bin/hnv";

    /// <summary>Where the packages put the program.</summary>
    public const string PackageDirectory = "/usr/lib/hnv";

    private const string Units = "/etc/systemd/system/";

    /// <summary>Extensions of files beside the program that only its making needs.</summary>
    private static readonly ImmutableArray<string> s_leftOut = [".pdb", ".xml"];

    /// <param name="component">Which one.</param>
    /// <param name="configuration">Text of its settings, where there are none yet.</param>
    /// <param name="start">Whether it is started at once.</param>
    public static ImmutableArray<InstallStep> Install(InstallComponent component, string configuration, bool start)
    {
        var steps = ImmutableArray.CreateBuilder<InstallStep>();
        string program = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        if (program != ProgramDirectory)
        {
            steps.AddRange(Program(program));
        }

        foreach (string unit in component.Units)
        {
            steps.Add(new InstallStep.Write(Units + unit, InstallComponent.Template($"systemd/{unit}").Replace("@PROGRAM@", $"{ProgramDirectory}/hnv", StringComparison.Ordinal)));
        }

        if (component.User is { } user)
        {
            steps.Add(new InstallStep.Write($"/etc/sysusers.d/{user}.conf", InstallComponent.Template($"sysusers.d/{user}.conf")));
            steps.Add(new InstallStep.Run("systemd-sysusers", [$"{user}.conf"]));
        }

        steps.Add(new InstallStep.Write($"/etc/tmpfiles.d/hnv-{component.Name}.conf", InstallComponent.Template($"tmpfiles.d/hnv-{component.Name}.conf")));
        steps.Add(new InstallStep.Run("systemd-tmpfiles", ["--create", $"hnv-{component.Name}.conf"]));
        steps.Add(new InstallStep.Write(component.Configuration, configuration, Keep: true));
        if (RunsSystemd)
        {
            steps.Add(new InstallStep.Run("systemctl", ["daemon-reload"]));
            steps.Add(new InstallStep.Run("systemctl", ["enable", component.Service]));
            if (start)
            {
                steps.Add(new InstallStep.Run("systemctl", ["restart", component.Service]));
            }
        }

        return steps.ToImmutable();
    }

    /// <param name="component">Which one.</param>
    /// <param name="others">Whether another component is installed, which needs the program.</param>
    /// <param name="purge">Remove settings and state, too.</param>
    /// <param name="beforeFiles">What is done between the end of the service and the removal of its files.</param>
    public static ImmutableArray<InstallStep> Uninstall(InstallComponent component, bool others, bool purge, IEnumerable<InstallStep> beforeFiles)
    {
        var steps = ImmutableArray.CreateBuilder<InstallStep>();
        if (RunsSystemd)
        {
            steps.Add(new InstallStep.Run("systemctl", ["disable", "--now", component.Service], MayFail: true));
        }

        steps.AddRange(beforeFiles);
        steps.AddRange(component.Units.Select(static unit => new InstallStep.Delete(Units + unit)));
        steps.Add(new InstallStep.Delete($"{Units}multi-user.target.wants/{component.Service}"));
        steps.Add(new InstallStep.Delete($"/etc/tmpfiles.d/hnv-{component.Name}.conf"));
        if (component.User is { } user)
        {
            steps.Add(new InstallStep.Delete($"/etc/sysusers.d/{user}.conf"));
        }

        if (RunsSystemd)
        {
            steps.Add(new InstallStep.Run("systemctl", ["daemon-reload"]));
        }

        if (purge)
        {
            steps.Add(new InstallStep.Delete(component.Configuration));
            steps.Add(new InstallStep.Delete(component.StateDirectory, Recursive: true));
            if (component.User is not null)
            {
                steps.Add(new InstallStep.Run("userdel", [component.User], MayFail: true));
            }

            if (component.Readers is not null)
            {
                steps.Add(new InstallStep.Run("groupdel", [component.Readers], MayFail: true));
            }
        }

        if (!others)
        {
            steps.Add(new InstallStep.Delete(ProgramLink));
            steps.Add(new InstallStep.Delete(ProgramDirectory, Recursive: true));
        }

        steps.AddRange(((string[])[SystemPaths.Settings, component.StateDirectory, SystemPaths.State]).Select(static d => new InstallStep.DeleteEmpty(d)));
        return steps.ToImmutable();
    }

    /// <summary>Whether a component was installed under that root by <c>hnv install</c>.</summary>
    public static bool IsInstalled(InstallComponent component, string root) => File.Exists(root + Units + component.Service);

    private static bool RunsSystemd => Directory.Exists("/run/systemd/system");

    /// <summary>
    /// The program with the runtime that it runs on, which may lie in somebody's home, out of a service's reach. The program looks beside itself first
    /// (AppHostRelativeDotNet).
    /// </summary>
    private static IEnumerable<InstallStep> Program(string from)
    {
        string shared = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", ".."));
        string dotnet = Path.GetDirectoryName(shared)!;
        string version = Environment.Version.ToString(3);
        yield return new InstallStep.Copy(from, ProgramDirectory, static name => IsNeeded(name));
        foreach (string part in (string[])[$"host/fxr/{version}", $"shared/Microsoft.NETCore.App/{version}", $"shared/Microsoft.AspNetCore.App/{version}"])
        {
            if (Directory.Exists(Path.Combine(dotnet, part)))
            {
                yield return new InstallStep.Copy(Path.Combine(dotnet, part), $"{ProgramDirectory}/dotnet/{part}");
            }
        }

        yield return new InstallStep.Link(ProgramLink, $"{ProgramDirectory}/hnv");
    }

    /// <summary>Whether the installed program needs a file that lies beside this one: not what is for debugging, or for other machines.</summary>
    private static bool IsNeeded(string name)
    {
        string native = $"runtimes/linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}/";
        return !s_leftOut.Contains(Path.GetExtension(name)) && (!name.StartsWith("runtimes/", StringComparison.Ordinal) || name.StartsWith(native, StringComparison.Ordinal));
    }
}
