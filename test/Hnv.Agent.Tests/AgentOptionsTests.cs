using System.Collections.Immutable;
using Hnv.Model;

namespace Hnv.Agent.Tests;

public sealed class AgentOptionsTests
{
    [Fact]
    public void TryCreate_Complete_KeepsEverything()
    {
        Assert.True(AgentOptions.TryCreate(
            "host1", ["http://10.0.0.1:8640,https://c2:8640", "unix:/run/hnv/c.sock"], ["up0,up1"], "/tmp/x/../y", false, out AgentOptions? options, out _));

        Assert.Equal("host1", options!.Host);
        Assert.Equal(["http://10.0.0.1:8640", "https://c2:8640", "unix:/run/hnv/c.sock"], options.Controllers);
        Assert.Equal(["up0", "up1"], options.Uplinks);
        Assert.Equal("/tmp/y", options.StateDirectory);
    }

    [Fact]
    public void TryCreate_EverythingWrong_SaysAllAtOnce()
    {
        Assert.False(AgentOptions.TryCreate("a/b", ["ftp://x", "unix:relative"], ["a-name-that-is-too-long", "up0", "up0"], "", false, out _, out ImmutableArray<Finding> findings));
        Assert.Equal(["--host", "--controller", "--controller", "--uplink", "--uplink", "--state"], findings.Select(f => f.Field));
        Assert.All(findings, f => Assert.NotNull(f.Remedy));
    }

    [Fact]
    public void TryCreate_NothingGiven_NamesEveryMissingOption()
    {
        Assert.False(AgentOptions.TryCreate(null, null, null, null, false, out _, out ImmutableArray<Finding> findings));
        Assert.Equal(["--host", "--controller", "--uplink"], findings.Select(f => f.Field));
    }

    [Fact]
    public void TryCreate_Purge_NeedsOnlyTheStateDirectory()
    {
        Assert.True(AgentOptions.TryCreate(null, null, null, "/tmp/x", true, out AgentOptions? options, out _));
        Assert.True(options!.Purge);
    }
}
