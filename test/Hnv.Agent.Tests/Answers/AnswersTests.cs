using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hnv.Agent.Answers;
using Hnv.Agent.Counters;
using Hnv.Agent.Desired;
using Hnv.Agent.Local;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api;
using Hnv.Api.Answers;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Answers;

public sealed class AnswersTests : IDisposable
{
    private readonly FakeDataplane _dataplane = new();
    private readonly FakeNetwork _network = new();
    private readonly QueryAnswerer _answerer;
    private readonly KernelReader _kernel;
    private readonly CounterBook _counters;
    private AgentState _state = AgentState.Empty;

    public AnswersTests()
    {
        _network.Link(12, "v-blue1");
        var desired = new DesiredState(_dataplane);
        PolicyItem[] items = [Subnet(), Route(), Route("0.0.0.0/0", hop: "10.0.0.250"), Record("10.0.0.7"), Record("10.0.0.5", mac: "06:06:00:00:00:06", pa: null, port: "blue/blue1"), Port(mac: "06:06:00:00:00:06")];
        desired.OnUpdate(new NetworkChanged(Policy(Blue, 1, items), [.. items.Select(i => new ItemChange(null, i))]));
        desired.PortBound("blue/blue1", 5001, 12);
        _dataplane.BindPort(new Datapath.Ports.PortBinding(12, 7, 1, 5001, MacAddress.Parse("06:06:00:00:00:06")));
        _state = new AgentState(
            9,
            [new Hnv.Agent.Ports.PortState("blue/blue1", 7, "v-blue1", 5001, MacAddress.Parse("06:06:00:00:00:06"), "bound", null, 12)],
            desired.RoutingDomains,
            ["a problem"]);
        _counters = new CounterBook(_dataplane, new FakeCounterStore(), NullLogger<CounterBook>.Instance);
        _kernel = new KernelReader(_dataplane, _network, () => _state, _counters);
        _answerer = new QueryAnswerer(
            _kernel,
            () => new HostStatus("host1", "1.0", "6.18", _state.RealisedRevision, true, ["up0"], [], _state.Problems),
            _counters,
            NullLogger<QueryAnswerer>.Instance);
    }

    public void Dispose() => _dataplane.Dispose();

    [Fact]
    public void Records_NameInterfacesAndProviderAddresses()
    {
        ImmutableArray<KernelRecord> records = _kernel.Records();
        Assert.Equal(["10.0.0.1", "10.0.0.5", "10.0.0.7"], records.Select(r => r.CustomerAddress.ToString()));
        Assert.Equal(["DistributedGateway", "Static", "Static"], records.Select(r => r.Type));
        Assert.Equal("v-blue1", records[1].Interface);
        Assert.Equal(IPAddress.Parse("192.168.4.22"), records[2].ProviderAddress);
    }

    [Fact]
    public void Routes_NameTheRoutingDomain()
    {
        ImmutableArray<KernelRoute> routes = _kernel.Routes();
        Assert.Equal(["0.0.0.0/0", "10.0.0.0/24"], routes.Select(r => r.Prefix.ToString()));
        Assert.All(routes, r => Assert.Equal(Blue, r.RoutingDomainId));
        Assert.Null(routes[1].NextHop);
    }

    [Fact]
    public void Ports_AreComparedWithTheKernel()
    {
        Assert.Equal("bound", Assert.Single(_kernel.Ports()).State);
        _dataplane.UnbindPort(12);
        Assert.Equal(("failed", "its entry is missing in the kernel"), (_kernel.Ports()[0].State, _kernel.Ports()[0].Reason));
        _dataplane.BindPort(new Datapath.Ports.PortBinding(40, 99, 1, 5001, MacAddress.Parse("06:06:00:00:00:09")));
        Assert.Contains(_kernel.Ports(), p => p is { Port: "#99", InterfaceIndex: 40 });
    }

    [Fact]
    public void Counters_NamePorts()
    {
        Assert.Equal([(null, "UnknownPeer", true), ("blue/blue1", "Encapsulated", false)], _kernel.Verdicts().Select(v => (v.Port, v.Verdict, v.Drop)));
        Assert.Equal("blue/blue1", Assert.Single(_kernel.Traffic()).Port);
    }

    [Theory]
    [InlineData(HostQueries.Records)]
    [InlineData(HostQueries.Routes)]
    [InlineData(HostQueries.Ports)]
    [InlineData(HostQueries.Verdicts)]
    [InlineData(HostQueries.Traffic)]
    [InlineData(HostQueries.Status)]
    public async Task EveryQuery_IsAnswered(string query)
    {
        object answer = await AskAsync(query);
        Assert.IsNotType<HnvProblem>(answer);
        Assert.NotEmpty(JsonSerializer.Serialize(answer, answer.GetType(), HnvJson.Options));
    }

    [Fact]
    public async Task UnknownQuery_IsAnsweredWithAProblem() => Assert.Equal(501, Assert.IsType<HnvProblem>(await AskAsync("future")).Status);

    [Fact]
    public async Task LocalEndpoint_AnswersAdministratorsOnly()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-ep-").FullName;
        try
        {
            bool healthy = true;
            await using (await LocalEndpoint.StartAsync(
                directory, _answerer, new MetricsText(_kernel, ["up0"], () => _state, () => new SyncState("http://a", null, default)), () => healthy,
                NullLoggerFactory.Instance, TestContext.Current.CancellationToken))
            {
                string socket = Path.Combine(directory, LocalEndpoint.SocketName);
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
                using var http = new HttpClient(new SocketsHttpHandler
                {
                    ConnectCallback = async (_, ct) =>
                    {
                        var s = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                        await s.ConnectAsync(new UnixDomainSocketEndPoint(socket), ct);
                        return new NetworkStream(s, ownsSocket: true);
                    },
                })
                { BaseAddress = new Uri("http://localhost") };

                Assert.Equal("ok\n", await Get(http, "/healthz"));
                healthy = false;
                Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
                KernelRecord[] records = JsonSerializer.Deserialize<KernelRecord[]>(await Get(http, "/api/v1/kernel/records"), HnvJson.Options)!;
                Assert.Equal(3, records.Length);
                HostStatus status = JsonSerializer.Deserialize<HostStatus>(await Get(http, "/api/v1/kernel/status"), HnvJson.Options)!;
                Assert.Equal("records", Assert.Single(status.Maps).Map);
                Assert.Equal("BPF_F_ADJ_ROOM_DECAP_L3", Assert.Single(status.Features, f => f.State == "unsupported").Feature);
                Assert.Equal(
                    [new KernelDelivery("up0", "IPv4", "IPv6", "veth", "changeProtocol"), new KernelDelivery("up0", "IPv4", "IPv6", "tap", "segmentRouting")],
                    status.Deliveries);
                Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/api/v1/kernel/future", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);

                string metrics = await Get(http, "/metrics");
                Assert.Contains("hnv_realised_revision 9\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_verdict_packets_total{port=\"\",verdict=\"UnknownPeer\",drop=\"true\"} 2\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_kernel_feature{feature=\"bpf_loop\",state=\"supported\"} 1\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_kernel_feature{feature=\"BPF_F_ADJ_ROOM_DECAP_L3\",state=\"unsupported\"} 0\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_kernel_delivery{uplink=\"up0\",provider=\"IPv4\",customer=\"IPv6\",port=\"veth\",way=\"changeProtocol\"} 1\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_kernel_delivery{uplink=\"up0\",provider=\"IPv4\",customer=\"IPv6\",port=\"tap\",way=\"segmentRouting\"} 1\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_map_entries{map=\"records\"} 3\n", metrics, StringComparison.Ordinal);
                Assert.Contains("hnv_ports{state=\"bound\"} 1\n", metrics, StringComparison.Ordinal);
            }

            Assert.False(File.Exists(Path.Combine(directory, LocalEndpoint.SocketName)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<string> Get(HttpClient http, string path) => http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task<object> AskAsync(string query)
    {
        var session = (FakeSession)new FakeControllers().Open("http://a");
        await _answerer.PostAsync(session, new QueryMessage("q1", query));
        Assert.True(session.Answers.Reader.TryRead(out (string Id, object Answer) answer));
        Assert.Equal("q1", answer.Id);
        return answer.Answer;
    }
}
