using System.Collections.Immutable;
using System.Net;
using Hnv.Agent.Learning;
using Hnv.Agent.Ports;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Learning;

/// <summary>The core over maps in memory: host 192.168.4.11 with port blue/blue1 (number 7) at interface 21, and blue/blue2 (8) at 22.</summary>
internal sealed class LearningHost
{
    public const string Mac1 = "06:06:00:00:00:05";
    public const string Mac2 = "06:06:00:00:00:06";
    public const int Port1 = 21, Port2 = 22;

    private readonly object _session = new();

    public LearningHost(bool joined = true)
    {
        Restart();
        if (joined)
        {
            Join();
        }
    }

    public FakeDataplane Kernel { get; } = new();

    public FakeTime Time { get; } = new();

    public LearningCore Core { get; private set; } = null!;

    /// <summary>CLOCK_BOOTTIME, nanoseconds: it was a thousand seconds ago when the clock was set.</summary>
    public ulong Boot => 1_000_000_000_000 + ((ulong)(Time.GetUtcNow() - s_start).Ticks * 100);

    private static readonly DateTimeOffset s_start = new FakeTime().GetUtcNow();

    /// <summary>A new agent finds what the old one left.</summary>
    public void Restart() => Core = new LearningCore(Kernel, Time, () => Boot, NullLogger<LearningCore>.Instance);

    /// <summary>Policy and ports are known, and the controller was told what there is.</summary>
    public void Join()
    {
        Policy();
        Ports();
        TellAll();
    }

    public void Policy(params PolicyItem[] more)
    {
        Core.OnUpdate(new NetworkChanged(Items.Policy(HostScope.Id, 1, Pa("192.168.4.11")), []));
        PolicyItem[] items = [Subnet(), Learner(), Learner("blue/blue2", Mac2, 8), .. more];
        Core.OnUpdate(new NetworkChanged(Items.Policy(Blue, 5, items), [.. items.Select(static i => new ItemChange(null, i))]));
        Core.OnUpdate(new BookmarkReached(5));
    }

    public void Ports() => Core.OnPorts([State("blue/blue1", Mac1, 7, Port1), State("blue/blue2", Mac2, 8, Port2)]);

    public static PortItem Learner(string name = "blue/blue1", string mac = Mac1, uint number = 7) => Port(name, mac: mac, number: number) with { LearnLimit = 16 };

    public static PortState State(string name, string mac, uint number, int? index) =>
        new(name, number, "v", 5001, MacAddress.Parse(mac), index is null ? PortStates.Waiting : PortStates.Bound, null, index);

    public static RecordKey Key(string address) => new(5001, IPAddress.Parse(address));

    /// <summary>What a program writes when a port proves an address.</summary>
    public LearnedEntry Learn(string address, int port = Port1, uint counter = 1, uint epoch = 1, LearnSource source = LearnSource.Arp, bool tell = true)
    {
        LearnedEntry entry = default(LearnedEntry) with
        {
            Record = RecordEntry.Local(MacAddress.Parse(port == Port1 ? Mac1 : Mac2), RecordKind.Dynamic, port, RecordFlags.Unsynchronized),
            PortId = port == Port1 ? 7u : 8u, SeenNs = Boot, Epoch = epoch, Counter = counter, Source = source,
        };
        Kernel.Learned[Key(address)] = entry;
        if (tell)
        {
            Tell(LearnEventKind.Added, address, port);
        }

        return entry;
    }

    /// <summary>What a program writes when it hears a member of another host.</summary>
    public void Hear(string address, string pa = "192.168.4.22", uint counter = 1) => Kernel.Learned[Key(address)] = default(LearnedEntry) with
    {
        Record = RecordEntry.Remote(MacAddress.Parse("06:06:00:00:00:77"), RecordKind.Dynamic, IPAddress.Parse(pa)), SeenNs = Boot, Epoch = 1, Counter = counter, Source = LearnSource.Peer,
    };

    public (RecordKey Key, TimeSpan After)? Tell(LearnEventKind kind, string address, int port = Port1, string? pa = null) => Core.OnEvent(
        new LearnEvent(
            Boot, kind, port switch { Port1 => 7u, Port2 => 8u, _ => 0u }, NetworkUInt32.ToNetwork(5001), IPAddress.Parse(address), MacAddress.Parse(port == Port2 ? Mac2 : Mac1), LearnSource.Arp, 0,
            pa is null ? KernelAddress.None : IPAddress.Parse(pa), 0));

    public LearnedReport? Next() => Core.NextReport(_session);

    /// <summary>Sends what there is to tell; the controller takes everything.</summary>
    public LearnedReport[] TellAll(object? session = null, Func<LearnedReport, LearnedAnswer>? answer = null)
    {
        var told = new List<LearnedReport>();
        while (Core.NextReport(session ?? _session) is { } report)
        {
            told.Add(report);
            Core.OnAnswer(report, answer?.Invoke(report) ?? new LearnedAnswer([], []));
        }

        return [.. told];
    }

    public static LearnedMessage Elsewhere(string address, uint counter = 1, string pa = "192.168.4.22", LearnedSection section = LearnedSection.None, string? port = null) =>
        new(Blue, IPAddress.Parse(pa), [new LearnedAddress(5001, IPAddress.Parse(address), MacAddress.Parse("06:06:00:00:00:77"), AddressSource.Arp, 1, counter, port)], [], section);

    /// <summary>The host's own provider addresses are others.</summary>
    public void Own(params string[] addresses) => Core.OnUpdate(new NetworkChanged(Items.Policy(HostScope.Id, 2, addresses.Select(static a => Pa(a))), []));

    public static LearnedMessage Gone(string address, uint counter = 1, string pa = "192.168.4.22") =>
        new(Blue, IPAddress.Parse(pa), [], [new LearnedDeletion(5001, IPAddress.Parse(address), 1, counter)]);

    public LearnedEntry? Entry(string address) => Kernel.Learned.TryGetValue(Key(address), out LearnedEntry entry) ? entry : null;

    /// <summary>Where the map says an address is: a provider address, "port N", or "nowhere".</summary>
    public string Where(string address) => Entry(address) is not { } e ? "nowhere" : e.Record.Ifindex != 0 ? $"port {e.Record.Ifindex}" : $"{e.Record.Pa}";

    public static string[] Puts(params IEnumerable<LearnedReport> reports) =>
        [.. reports.SelectMany(static r => r.Networks).SelectMany(static n => n.Put).Select(static p => $"{p.Address} {p.Port} {p.Epoch}.{p.Counter}{(p.Unusable ? " unusable" : "")}").Order(StringComparer.Ordinal)];

    public static string[] Deletes(params IEnumerable<LearnedReport> reports) =>
        [.. reports.SelectMany(static r => r.Networks).SelectMany(static n => n.Delete).Select(static d => $"{d.Address} {d.Epoch}.{d.Counter}").Order(StringComparer.Ordinal)];
}
