using System.Net;
using System.Text;
using System.Text.Json;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api;
using Hnv.Api.Stream;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Sync;

public sealed class StreamFuzzTests
{
    /// <summary>
    /// A stream with any bytes damaged is understood up to some message, and then refused by one of the expected exceptions; at every
    /// moment what is held of a network is something whose digest was verified.
    /// </summary>
    [Fact]
    public void AnyDamage_IsRefusedAndNothingUnverifiedIsHeld()
    {
        RecordItem moved = Record("10.0.0.5", pa: "192.168.4.33");
        SubnetItem subnet = Subnet() with
        {
            Learning = LearningMode.Dynamic, Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("239.1.1.1"), LearningAge = 60,
            Pool = new PoolItem(true, [IPAddress.Parse("10.0.0.2")], [new PoolRoute(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))], 1458, "a", 3600),
        };
        PortItem port = Port() with { LearnLimit = 16, LearnSources = LearningSources.Dhcp | LearningSources.Arp, Lease4 = IPAddress.Parse("10.0.0.50") };
        PolicyMessage[] stream =
        [
            Hello(), .. Snapshot(Blue, 6, subnet, Route(hop: "10.0.0.9"), Record("10.0.0.5"), Record("10.0.0.6", port: "t/p"), port, Peer(), Member()), new BookmarkMessage(6),
            new DeltaMessage(Blue, 7, [moved], ["record/5001/10.0.0.6"], DigestOf(subnet, Route(hop: "10.0.0.9"), moved, port, Peer(), Member()).ToString()),
            new DetachMessage(Red), new BookmarkMessage(8),
        ];
        byte[][] lines = [.. stream.Select(m => JsonSerializer.SerializeToUtf8Bytes(m, HnvJson.Options))];
        var random = new Random(42);
        int refused = 0;
        for (int round = 0; round < 5_000; round++)
        {
            var store = new PolicyStore();
            store.Load([Policy(Red, 5, Subnet(6001))]);
            store.BeginConnection();
            int damaged = random.Next(lines.Length);
            try
            {
                for (int i = 0; i < lines.Length; i++)
                {
                    byte[] line = i == damaged ? Damage(lines[i], random) : lines[i];
                    store.Apply(JsonSerializer.Deserialize<PolicyMessage>(line, HnvJson.Options) ?? throw new JsonException("null"));
                }
            }
            catch (Exception e) when (e is JsonException or NotSupportedException or PolicyViolationException)
            {
                refused++;
            }

            Assert.All(store.Networks.Values, n => Assert.Equal(DigestOf(n.Items.Values), n.Digest));
        }

        Assert.InRange(refused, 2_000, 5_000);
    }

    private static byte[] Damage(byte[] line, Random random)
    {
        byte[] result = [.. line];
        switch (random.Next(4))
        {
            case 0:
                return result[..random.Next(result.Length)];
            case 1:
                result[random.Next(result.Length)] = (byte)random.Next(256);
                return result;
            case 2:
                int at = random.Next(result.Length);
                return [.. result[..at], .. Encoding.UTF8.GetBytes(new string((char)random.Next(32, 127), random.Next(1, 20))), .. result[at..]];
            default:
                // A digit for a digit stays JSON and gets further.
                int[] digits = [.. Enumerable.Range(0, result.Length).Where(i => char.IsAsciiHexDigitLower((char)result[i]))];
                result[digits[random.Next(digits.Length)]] = (byte)"0123456789abcdef"[random.Next(16)];
                return result;
        }
    }
}
