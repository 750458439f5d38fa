using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests.Netlink;

public sealed class EthtoolTests : IDisposable
{
    private readonly TestNamespace _ns;
    private Ethtool _ethtool = null!;

    public EthtoolTests() => _ns = new TestNamespace(ns =>
    {
        ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        _ethtool = Ethtool.Of(ns.Namespace);
    });

    public void Dispose()
    {
        _ethtool.Dispose();
        _ns.Dispose();
    }

    private EthtoolFeature Feature(string name) => _ethtool.GetFeatures("a0").Single(feature => feature.Name == name);

    [Theory]
    [InlineData("tx-tcp-segmentation")]
    [InlineData("tx-gre-segmentation")]
    [InlineData("tx-udp_tnl-segmentation")]
    [InlineData("rx-gro")]
    public void SetFeature_OnVeth_SwitchesBothWays(string name)
    {
        foreach (var on in (bool[])[false, true, false])
        {
            _ethtool.SetFeature("a0", name, on);
            Assert.Equal((on, on), (Feature(name).Active, Feature(name).Requested));
        }
    }

    [Theory]
    [InlineData("generic-receive-offload", "rx-gro")]
    [InlineData("tx-checksumming", "tx-checksum-ip-generic")]
    [InlineData("tcp-segmentation-offload", "tx-tcp6-segmentation")]
    public void SetFeature_GroupName_SwitchesItsFeatures(string group, string member)
    {
        _ethtool.SetFeature("a0", group, true);
        Assert.True(Feature(member).Active);
        _ethtool.SetFeature("a0", group, false);
        Assert.False(Feature(member).Active);
    }

    [Fact]
    public void GetFeatures_SameAsEthtoolShows()
    {
        var shown = TestCommand.Run(_ns.Namespace, "ethtool", "-k", "a0");
        foreach (var feature in _ethtool.GetFeatures("a0").Where(feature => shown.Contains($"{feature.Name}: ", StringComparison.Ordinal)))
        {
            Assert.Contains($"{feature.Name}: {(feature.Active ? "on" : "off")}", shown, StringComparison.Ordinal);
            Assert.Equal(!feature.Changeable, shown.Split('\n').Single(line => line.Trim().StartsWith($"{feature.Name}:", StringComparison.Ordinal)).EndsWith("[fixed]", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void SetFeature_UnknownFixedOrNoInterface_Throws()
    {
        Assert.Equal(Errno.EINVAL, Assert.Throws<LinuxException>(() => _ethtool.SetFeature("a0", "tx-telepathy", true)).Errno);
        Assert.Equal(Errno.EOPNOTSUPP, Assert.Throws<LinuxException>(() => _ethtool.SetFeature("a0", "hw-tc-offload", true)).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<LinuxException>(() => _ethtool.GetFeatures("nothere")).Errno);
    }
}
