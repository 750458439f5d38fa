using Hnv.Linux.Processes;

namespace Hnv.Agent.Tests;

public sealed class AgentPrivilegesTests
{
    [Theory]
    [InlineData("NetAdmin SysAdmin", "")]
    [InlineData("NetAdmin SysAdmin Bpf", "")]
    [InlineData("SysAdmin Bpf", "CAP_NET_ADMIN")]
    [InlineData("NetAdmin Bpf", "CAP_SYS_ADMIN")]
    [InlineData("NetAdmin", "CAP_BPF and CAP_SYS_ADMIN")]
    [InlineData("", "CAP_NET_ADMIN and CAP_BPF and CAP_SYS_ADMIN")]
    public void Require_WithSomeCapabilities_NamesThoseThatAreMissing(string held, string missing)
    {
        HashSet<Capability> has = [.. held.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<Capability>)];

        Exception? refused = Record.Exception(() => AgentPrivileges.Require(has.Contains));

        Assert.Equal(missing.Length == 0, refused is null);
        if (refused is not null)
        {
            Assert.StartsWith($"The agent lacks {missing}. ", Assert.IsType<AgentException>(refused).Message, StringComparison.Ordinal);
        }
    }
}
