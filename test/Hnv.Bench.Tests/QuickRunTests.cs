using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Packets;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Bench.Tests;

/// <summary>That every benchmark runs and measures something. How fast anything is, no test says.</summary>
public sealed class QuickRunTests
{
    public static TheoryData<string> Names => [.. BenchCatalog.All.Where(benchmark => benchmark.HasQuickForm).Select(benchmark => benchmark.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task RunAsync_Quick_MeasuresEveryVariantAndLeavesNothing(string name)
    {
        BenchResult result = Assert.Single(await BenchRunner.RunAsync(new BenchOptions { Names = [name], Quick = true }, null, _ => { }, TestContext.Current.CancellationToken));

        Assert.Equal(name, result.Name);
        Assert.All(result.Series, series => Assert.All(series.Samples, sample => Assert.True(sample > 0 && double.IsFinite(sample), $"{series.Variant}, {series.Metric}: {sample}")));
        Assert.All(result.Series.GroupBy(series => (series.Group, series.Metric)), table => Assert.True(table.Count() > 1, $"{table.Key} has nothing to compare with"));
        Assert.NotEmpty(result.Ratios);
        Assert.Contains("\"median\"", result.ToJson(), StringComparison.Ordinal);
        string own = $"{TopologyNames.Prefix}{Environment.ProcessId}-";
        Assert.DoesNotContain(NetworkNamespace.List(), name => name.StartsWith(own, StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/run"), path => Path.GetFileName(path).StartsWith(own, StringComparison.Ordinal));
    }

    [Fact]
    public Task RunAsync_QuickForms_ComparesEachWithWhatCarriesOverItsFamily() => ComparesAsync("tcp-rr", "between veths");

    /// <summary>They differ from the one above in what is measured, not in how forms are chosen: for the long run.</summary>
    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("tcp-mtu", "into a veth", "into a tap")]
    [InlineData("tcp-whole", "into a veth", "into a tap")]
    [InlineData("udp-pps", "into a veth")]
    public Task RunAsync_QuickFormsOfTheOthers_DoSoToo(string name, params string[] groups) => ComparesAsync(name, groups);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task RunAsync_QuickFormsOfFlooding_ComparesEachWithKernelVxlanOverItsFamily()
    {
        BenchResult result = await RunFormsAsync("flood");

        Assert.Equal(["nvgre4 × vxlan", "vxlan4 × vxlan"], RatiosOf(result, "500 hosts, over IPv4"));
        Assert.Equal(["nvgre6 × vxlan", "vxlan6 × vxlan"], RatiosOf(result, "500 hosts, over IPv6"));
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task RunAsync_QuickFormsOfOffload_ComparesEachWithItself()
    {
        BenchResult result = await RunFormsAsync("offload");

        Assert.Equal(8, result.Series.Select(s => s.Group).Distinct().Count());
        Assert.Equal(["whole super-packets × segmented by the VM"], RatiosOf(result, "1500 bytes on the wire, vxlan6"));
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task RunAsync_QuickForms_TimesTheProgramsOfEach() => Assert.Equal(
        ["bare", "nvgre4", "nvgre6", "vxlan4", "vxlan6", "nvgre4, routed", "nvgre6, routed", "vxlan4, routed", "vxlan6, routed"],
        (await RunFormsAsync("programs")).Series.Select(s => s.Variant).Distinct());

    [Fact]
    public void Become_EachForm_IsWhatCrossesBetweenTheHosts()
    {
        using HnvHosts hosts = TwoHosts.Build(new HnvHosts(new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth) { HasAllForms = true }));
        using PacketSocket wire = PacketSocket.Open(hosts.Host2.Inside, hosts.Host2.IndexOf(TwoHosts.Uplink), new PacketSocketOptions { IgnoreOutgoing = true });
        using Socket sender = hosts.Sender.Inside.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

        foreach (EncapsulationForm form in EncapsulationForm.All)
        {
            hosts.Become(form);

            sender.SendTo(new byte[1000], new IPEndPoint(hosts.ReceiverAddress, 9));

            // The first of them waits for neighbours; whatever else crosses is smaller.
            byte[] frame = new byte[2048];
            long start = Stopwatch.GetTimestamp();
            int length = 0;
            while (length < 1000 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20))
            {
                length = wire.Receive(frame, TimeSpan.FromSeconds(1));
            }

            bool isIPv6 = form.Family == AddressFamily.InterNetworkV6, isVxlan = form.Encapsulation == Encapsulation.Vxlan;
            Assert.Equal(14 + form.Room + 20 + 8 + 1000, length);
            Assert.Equal(isIPv6 ? 0x86dd : 0x0800, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)));
            Assert.Equal(isVxlan ? 17 : 47, frame[isIPv6 ? 20 : 23]);
        }
    }

    [Theory]
    [InlineData("records")]
    [InlineData("learned")]
    [InlineData("apply")]
    [InlineData("agent-memory")]
    public async Task RunAsync_FormsOfWhatDoesNotDependOnThem_SaysWhyAndNamesThoseThatDo(string name)
    {
        string message = (await Assert.ThrowsAsync<BenchException>(() => RunFormsAsync(name))).Message;

        Assert.StartsWith($"{name} is the same in all forms: ", message, StringComparison.Ordinal);
        Assert.Contains("tcp-mtu", message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_Benchmarks_CompareFormsOrSayWhyNot() =>
        Assert.All(BenchCatalog.All, benchmark => Assert.True(benchmark.FormsTitle is null != benchmark.SameInAllForms is null, benchmark.Name));

    private static async Task ComparesAsync(string name, params string[] groups)
    {
        BenchResult result = await RunFormsAsync(name);

        Assert.Equal($"{name}-forms", result.Name);
        Assert.Contains("over IPv4 beside the bare NVGRE programs", result.Title, StringComparison.Ordinal);
        foreach (string group in groups)
        {
            Assert.Equal(
                [
                    "bare × underlay", "bare × vxlan", "nvgre4 × bare", "nvgre4 × underlay", "nvgre4 × vxlan",
                    "vxlan × underlay", "vxlan4 × bare", "vxlan4 × underlay", "vxlan4 × vxlan",
                ],
                RatiosOf(result, $"{group}, over IPv4"));
            Assert.Equal(["nvgre6 × underlay", "nvgre6 × vxlan", "vxlan × underlay", "vxlan6 × underlay", "vxlan6 × vxlan"], RatiosOf(result, $"{group}, over IPv6"));
        }
    }

    private static IEnumerable<string> RatiosOf(BenchResult result, string group) =>
        result.Ratios.Where(r => r.Group == group).Select(r => $"{r.Variant} × {r.To}").Distinct().Order(StringComparer.Ordinal);

    private static async Task<BenchResult> RunFormsAsync(string name) => Assert.Single(
        await BenchRunner.RunAsync(new BenchOptions { Names = [name], Quick = true, Forms = true }, null, _ => { }, TestContext.Current.CancellationToken));

    [Fact]
    public async Task RunAsync_UnknownName_NamesThoseThatExist()
    {
        BenchException e = await Assert.ThrowsAsync<BenchException>(() =>
            BenchRunner.RunAsync(new BenchOptions { Names = ["warp"] }, null, _ => { }, TestContext.Current.CancellationToken));

        Assert.Contains("warp", e.Message, StringComparison.Ordinal);
        Assert.Contains("tcp-mtu", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Cancelled_LeavesNoNamespace()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        // Cancelled in the middle of the first measurement, while everything is built.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            BenchRunner.RunAsync(new BenchOptions { Names = ["tcp-rr"], Quick = true }, null, _ => stop.Cancel(), stop.Token));

        Assert.DoesNotContain(NetworkNamespace.List(), name => name.StartsWith($"{TopologyNames.Prefix}{Environment.ProcessId}-", StringComparison.Ordinal));
    }

    [Fact]
    public void RemoveLeftovers_NamespaceOfADeadProcess_IsGone()
    {
        const string dead = "hnvbench-99999999-1-host1"; // Above every pid_max.
        using NetworkNamespace abandoned = NetworkNamespace.Create(dead);
        try
        {
            Leftovers.Remove();

            Assert.DoesNotContain(dead, NetworkNamespace.List());
        }
        finally
        {
            NetworkNamespace.Delete(dead);
        }
    }
}
