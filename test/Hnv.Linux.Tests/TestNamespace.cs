using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests;

/// <summary>A named network namespace with its routing opened and loopback up; gone at disposal.</summary>
internal sealed class TestNamespace : IDisposable
{
    public TestNamespace()
    {
        Namespace = NetworkNamespace.Create(Name);
        try
        {
            Route = Rtnetlink.Of(Namespace);
            Route.SetUp(1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; } = $"hnvt-{Guid.NewGuid().ToString("N")[..10]}";

    public NetworkNamespace Namespace { get; }

    public Rtnetlink Route { get; } = null!;

    public void Dispose()
    {
        Route?.Dispose();
        Namespace.Dispose();
        NetworkNamespace.Delete(Name);
    }
}
