using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests;

/// <summary>A named network namespace with its routing opened and loopback up; gone at disposal.</summary>
internal sealed class TestNamespace : IDisposable
{
    /// <param name="prepare">What a test class sets up in its constructor: when that fails, nobody else would clean up.</param>
    public TestNamespace(Action<TestNamespace>? prepare = null)
    {
        Namespace = NetworkNamespace.Create(Name);
        try
        {
            Route = Rtnetlink.Of(Namespace);
            Route.SetUp(1);
            prepare?.Invoke(this);
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
