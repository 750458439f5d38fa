using Hnv.Linux.Processes;

namespace Hnv.Agent;

/// <summary>What an agent must be allowed to do. It is asked for before anything is touched: without it, one part after the other would fail, for no reason that one sees.</summary>
internal static class AgentPrivileges
{
    /// <param name="has">Whether this process has a capability.</param>
    /// <exception cref="AgentException">Something is missing; all of it, and what helps.</exception>
    public static void Require(Func<Capability, bool> has)
    {
        // CAP_SYS_ADMIN is enough in the place of CAP_BPF.
        Capability[] needed = has(Capability.SysAdmin) ? [Capability.NetAdmin] : [Capability.NetAdmin, Capability.Bpf, Capability.SysAdmin];
        Capability[] missing = [.. needed.Where(c => !has(c))];
        if (missing.Length > 0)
        {
            string names = string.Join(" and ", missing.Select(Capabilities.NameOf));
            throw new AgentException(
                $"The agent lacks {names}. Run it as root of the host with {(missing.Length == 1 ? "it" : "them")}: a service needs {names} in its CapabilityBoundingSet=, "
                + $"a container must be given {(missing.Length == 1 ? "it" : "them")}.");
        }
    }
}
