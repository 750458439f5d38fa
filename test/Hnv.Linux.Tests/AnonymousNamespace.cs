using Hnv.Linux.Native;

namespace Hnv.Linux.Tests;

/// <summary>A network namespace of a thread of its own; it and its interfaces vanish with the thread.</summary>
internal static class AnonymousNamespace
{
    public static void Run(Action test) => DedicatedThread.Run("test namespace", () =>
    {
        Assert.Equal(0, Libc.Unshare(Libc.NewNetworkNamespace));
        test();
        return 0;
    });
}
