using System.Diagnostics;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests.Namespaces;

public sealed class NetworkNamespaceTests : IDisposable
{
    private readonly TestNamespace _ns = new();

    public void Dispose() => _ns.Dispose();

    private static string Identity() => File.ResolveLinkTarget("/proc/thread-self/ns/net", returnFinalTarget: false)!.Name;

    [Fact]
    public void Create_ThenDelete_ExistsBetween()
    {
        var name = $"hnvt-{Guid.NewGuid().ToString("N")[..10]}";
        Assert.False(NetworkNamespace.Exists(name));
        Assert.DoesNotContain(name, NetworkNamespace.List());
        NetworkNamespace.Create(name).Dispose();
        try
        {
            Assert.True(NetworkNamespace.Exists(name));
            Assert.Contains(name, NetworkNamespace.List());
            Assert.Equal(Errno.EEXIST, Assert.Throws<LinuxException>(() => NetworkNamespace.Create(name)).Errno);
        }
        finally
        {
            Assert.True(NetworkNamespace.Delete(name));
        }

        Assert.False(NetworkNamespace.Exists(name));
        Assert.False(NetworkNamespace.Delete(name));
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => NetworkNamespace.Open(name)).Errno);
    }

    [Fact]
    public void Create_NamedOne_IpNetnsExecEntersIt()
    {
        _ns.Route.CreateBridge(new BridgeSpec("marker0"));
        using var outside = NetworkNamespace.Current();
        Assert.Contains("marker0", TestCommand.Run(outside, "ip", "netns", "exec", _ns.Name, "ip", "link", "show", "marker0"), StringComparison.Ordinal);
        Assert.Contains(_ns.Name, TestCommand.Run(outside, "ip", "netns", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MadeByIproute2_IsTheSame()
    {
        var name = $"hnvt-{Guid.NewGuid().ToString("N")[..10]}";
        using var outside = NetworkNamespace.Current();
        TestCommand.Run(outside, "ip", "netns", "add", name);
        try
        {
            using var opened = NetworkNamespace.Open(name);
            using var route = Rtnetlink.Of(opened);
            Assert.Equal("lo", Assert.Single(route.GetLinks()).Name);
        }
        finally
        {
            Assert.True(NetworkNamespace.Delete(name));
        }
    }

    [Fact]
    public void Run_Work_IsInsideAndTheCallerStaysOutside()
    {
        var before = Identity();
        var inside = _ns.Namespace.Run(Identity);
        Assert.NotEqual(before, inside);
        Assert.Equal(inside, _ns.Namespace.Run(Identity));
        Assert.Equal(before, Identity());
    }

    [Fact]
    public void Run_WorkThrows_ExceptionReachesTheCaller() =>
        Assert.Throws<InvalidDataException>(() => _ns.Namespace.Run(() => throw new InvalidDataException()));

    [Fact]
    public void Start_Process_RunsInside()
    {
        var shown = TestCommand.Run(_ns.Namespace, "readlink", "/proc/self/ns/net").Trim();
        Assert.Equal(_ns.Namespace.Run(Identity), shown);
    }

    [Fact]
    public void OfProcess_ChildInside_IsItsNamespace()
    {
        using var child = _ns.Namespace.Start(new ProcessStartInfo("cat") { UseShellExecute = false, RedirectStandardInput = true });
        try
        {
            using var found = NetworkNamespace.OfProcess(child.Id);
            Assert.Equal(_ns.Namespace.Run(Identity), found.Run(Identity));
        }
        finally
        {
            child.StandardInput.Close();
            child.WaitForExit();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void Create_ImpossibleName_Throws(string name) => Assert.Throws<ArgumentException>(() => NetworkNamespace.Create(name));
}
