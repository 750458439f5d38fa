using Hnv.Agent.Desired;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests;

[Collection(Alone.Name)]
public sealed class MemoryTests(ITestOutputHelper output)
{
    /// <summary>
    /// A host with 100 000 records, as they come from the stream (every string and address its own object): policy store and desired
    /// state, with the data plane's desired tables as plain dictionaries.
    /// </summary>
    [Fact]
    public void ARecord_CostsAtMostOneKibibyte()
    {
        const int records = 100_000;
        var store = new PolicyStore();
        using var dataplane = new FakeDataplane();
        var desired = new DesiredState(dataplane);
        Apply(store, desired, Hello(), true);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        Apply(store, desired, new AttachMessage(Blue, "blue-corp", "blue", Model.Resources.Encapsulation.Nvgre));
        Apply(store, desired, new SnapshotMessage(Blue, 1));
        var digest = default(PolicyDigest);
        foreach (int[] chunk in Enumerable.Range(0, records).Chunk(PolicyProtocol.MaxItems))
        {
            PolicyItem[] items = [.. chunk.Select(Make)];
            digest = items.Aggregate(digest, (d, i) => d.Add(i));
            Apply(store, desired, new ItemsMessage(Blue, [.. items]));
        }

        Apply(store, desired, new SnapshotEndMessage(Blue, 1, records, digest.ToString()));
        long after = GC.GetTotalMemory(forceFullCollection: true);

        long bytes = (after - before) / records;
        output.WriteLine($"{bytes} bytes a record");
        Assert.Equal(records, dataplane.Records.Count);
        Assert.InRange(bytes, 1, 1024);
        GC.KeepAlive(store);
    }

    internal static RecordItem Make(int i) => Record(
        $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}", $"06:06:{i >> 24:x2}:{(i >> 16) & 255:x2}:{(i >> 8) & 255:x2}:{i & 255:x2}",
        $"192.168.{i % 1000 / 250}.{1 + (i % 250)}", $"blue-corp/port{i}");

    private static void Apply(PolicyStore store, DesiredState desired, PolicyMessage message, bool begin = false)
    {
        if (begin)
        {
            store.BeginConnection();
        }

        foreach (HeldPolicyChange change in store.Apply(message))
        {
            desired.OnUpdate((NetworkChanged)change);
        }
    }
}
