using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>As <see cref="MemoryTests"/>, with the real data plane and everything in the kernel. Needs root.</summary>
[Collection(Alone.Name)]
public sealed class KernelMemoryTests(ITestOutputHelper output)
{
    [Fact]
    public void ARecordInTheKernel_CostsTheAgentAtMostOneKibibyte()
    {
        const int records = 100_000;
        using var host = new KernelHost();
        var store = new PolicyStore();
        store.BeginConnection();
        store.Apply(Hello());
        long before = GC.GetTotalMemory(forceFullCollection: true);
        host.Namespace.Run(() =>
        {
            Send(host, store, new AttachMessage(Blue, "blue-corp", "blue", Model.Resources.Encapsulation.Nvgre), new SnapshotMessage(Blue, 1));
            var digest = default(PolicyDigest);
            foreach (int[] chunk in Enumerable.Range(0, records).Chunk(PolicyProtocol.MaxItems))
            {
                PolicyItem[] items = [.. chunk.Select(MemoryTests.Make)];
                digest = items.Aggregate(digest, (d, i) => d.Add(i));
                Send(host, store, new ItemsMessage(Blue, [.. items]));
            }

            Send(host, store, new SnapshotEndMessage(Blue, 1, records, digest.ToString()), new BookmarkMessage(1));
            Assert.True(host.Core.Apply());
        });
        long bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / records;

        output.WriteLine($"{bytes} bytes a record");
        Assert.Equal(records, host.Dataplane.ReadRecords().Count);
        Assert.InRange(bytes, 1, 1024);
        GC.KeepAlive(store);
    }

    private static void Send(KernelHost host, PolicyStore store, params PolicyMessage[] messages)
    {
        foreach (HeldPolicyChange change in messages.SelectMany(m => store.Apply(m)))
        {
            host.Core.OnUpdate(change);
        }
    }
}
