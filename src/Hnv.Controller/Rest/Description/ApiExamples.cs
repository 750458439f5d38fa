using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Answers;
using Hnv.Api.Reports;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using static Hnv.Controller.Rest.Description.ResourceExamples;

namespace Hnv.Controller.Rest.Description;

/// <summary>Examples of every operation, of one cloud throughout (<see cref="ResourceExamples"/>). A test sends them and reads them.</summary>
internal static class ApiExamples
{
    private const string CertificatePem = "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n";

    /// <summary>PKCS #10 of a P-256 key that nobody has.</summary>
    private const string CertificateRequestPem = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIHKMHICAQAwEDEOMAwGA1UEAwwFaG9zdDEwWTATBgcqhkjOPQIBBggqhkjOPQMB
        BwNCAATsoYz/s9V0mAs+m+AaLenAaWuGSFG5gIG5NZDMmJZp6n7JSb3IysB38RDB
        RcVRB7MzpRPER+H1yjv5eyKtMC6doAAwCgYIKoZIzj0EAwIDSAAwRQIgOkyN58O/
        w8KYZAQI7zNzv7RUgLEy8htC319J4GhlQkECIQCV3yJKI9QdCwplKayWSWfjBRFw
        H3TSD/hv8BjA/3Dbaw==
        -----END CERTIFICATE REQUEST-----
        """;

    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly MacAddress s_mac = MacAddress.Parse("06:06:00:00:00:06");

    private static readonly RecordView s_learned = new(
        5001, IPAddress.Parse("10.0.0.80"), s_mac, IPAddress.Parse("192.168.4.22"), OtherHostName, $"{TenantName}/{LearningPortName}",
        nameof(LookupRecordType.Dynamic), false, false, OtherHostName, s_time, AddressSource.Arp);

    private static readonly CustomerRouteView s_onLink = new(TenantName, NetworkName, RoutingDomain, IPNetwork.Parse("10.0.0.0/24"), null, 0, 5001, RouteConditions.Active);

    private static readonly RecordEvent s_event = new(
        1767323045000001, s_time, RecordEventKind.Added, TenantName, NetworkName, 5001,
        IPAddress.Parse("10.0.0.80"), s_mac, OtherHostName, $"{TenantName}/{LearningPortName}", AddressSource.Arp, null);

    private static readonly Lazy<ImmutableDictionary<string, OperationExamples>> s_all =
        new(() => All().ToImmutableDictionary(static e => e.Operation, static e => e.Examples, StringComparer.Ordinal));

    /// <summary>Those of an operation; null: there are none, and a test fails.</summary>
    /// <param name="operation">METHOD and path: <c>GET /api/v1/ports</c>.</param>
    public static OperationExamples? Of(string operation) => s_all.Value.GetValueOrDefault(operation);

    /// <summary>A value for a parameter with which the operation finds something.</summary>
    public static string? Parameter(string path, string name) => name switch
    {
        "tenant" => TenantName,
        "host" => HostName,
        "vsid" => "5001",
        "address" or "to" => "10.0.0.80",
        "from" => "10.0.0.5",
        "query" => HostQueries.Ports,
        "id" => "7",
        "revision" => Revision.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "waitSeconds" => "0",
        "protocol" => PolicyProtocol.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "name" when path.EndsWith("/learned", StringComparison.Ordinal) => LearningPortName,
        "name" when path.Contains("/ports/", StringComparison.Ordinal) => PortName,
        "name" when path.Contains("/vmnetworks/", StringComparison.Ordinal) => NetworkName,
        "name" => ApplianceName,
        _ => null,
    };

    private static IEnumerable<(string Operation, OperationExamples Examples)> All()
    {
        string root = RestPaths.Root, tenants = $"{root}/tenants/{{tenant}}", hosts = $"{root}/hosts/{{host}}";
        foreach (ResourceKind kind in Enum.GetValues<ResourceKind>())
        {
            KindInfo info = ResourceKinds.Of(kind);
            var list = new OperationExamples(
                Response: new ResourceList<System.Text.Json.JsonElement>(Revision, [Get(kind)]),
                Stream: [new WatchEvent(WatchEventType.Put, Revision, Get(kind)), new WatchEvent(WatchEventType.Bookmark, Revision + 1)]);
            string name = kind switch { ResourceKind.Tenant => "{tenant}", ResourceKind.Host => "{host}", _ => "{name}" };
            string one = $"{(info.IsTenantScoped ? tenants : root)}/{info.Collection}/{name}";
            yield return ($"GET {root}/{info.Collection}", list);
            if (info.IsTenantScoped)
            {
                yield return ($"GET {tenants}/{info.Collection}", list);
            }

            yield return ($"GET {one}", new(Response: Get(kind)));
            yield return ($"PUT {one}", new(Put(kind), Get(kind)));
            yield return ($"DELETE {one}", new());
        }

        string port = $"{tenants}/ports/{{name}}", subnet = $"{tenants}/virtualsubnets/{{vsid}}/learned";
        yield return ($"POST {port}/migrate", new(new MigrationRequest(OtherHostName), MovingPort));
        yield return ($"POST {port}/activate", new(Response: Get(ResourceKind.Port)));
        yield return ($"POST {port}/cancel", new(Response: Get(ResourceKind.Port)));
        var forgotten = new ForgetAnswer(Revision, 5001, 1, [s_learned]);
        yield return ($"DELETE {port}/learned", new(Response: forgotten));
        yield return ($"DELETE {subnet}", new(Response: forgotten));
        yield return ($"DELETE {subnet}/{{address}}", new(Response: forgotten));

        yield return ($"POST {root}/apply", new(ResourceExamples.Apply, new ApplyResponse(
            Revision, false,
            [
                new("Host", null, HostName, ApplyAction.Created), new("VmNetwork", TenantName, NetworkName, ApplyAction.Unchanged),
                new("Port", TenantName, PortName, ApplyAction.Changed, [new("/addresses/0", Json("\"10.0.0.4\""), Json("\"10.0.0.5\""))]),
            ])));
        yield return ($"POST {root}/delete", new(
            new ApplyRequest([Json("""{"kind":"LookupRecord","name":"appliance","tenant":"blue-corp"}""")]),
            new ApplyResponse(Revision, false, [new("LookupRecord", TenantName, ApplianceName, ApplyAction.Deleted)])));

        foreach ((string operation, OperationExamples examples) in Views(root, tenants).Concat(OfHosts(root, hosts)))
        {
            yield return (operation, examples);
        }
    }

    private static IEnumerable<(string Operation, OperationExamples Examples)> Views(string root, string tenants)
    {
        (string Path, object Response)[] views =
        [
            ("virtualsubnets", new ResourceList<VirtualSubnetView>(Revision, [new(
                5001, "web", TenantName, NetworkName, RoutingDomain, [IPNetwork.Parse("10.0.0.0/24")], [IPAddress.Parse("10.0.0.1")],
                2, LearningMode.Dynamic, 300, FloodingMode.None, null, RouterAdvertisementMode.Off, null, null)])),
            ("customerroutes", new ResourceList<CustomerRouteView>(Revision, [s_onLink])),
            ("records", new ResourceList<RecordView>(Revision, [s_learned])),
        ];
        foreach ((string path, object response) in views)
        {
            yield return ($"GET {root}/{path}", new(Response: response));
            yield return ($"GET {tenants}/{path}", new(Response: response));
        }

        var events = new OperationExamples(
            Response: new ResourceList<RecordEvent>(s_event.Number, [s_event]),
            Stream:
            [
                new WatchEvent(WatchEventType.Put, s_event.Number, System.Text.Json.JsonSerializer.SerializeToElement(s_event, Hnv.Api.HnvJson.Options)),
                new WatchEvent(WatchEventType.Bookmark, s_event.Number),
            ]);
        yield return ($"GET {root}/events", events);
        yield return ($"GET {tenants}/events", events);
        yield return ($"GET {root}/provideraddresses", new(Response: new ResourceList<ProviderAddressView>(
            Revision, [new(IPAddress.Parse("192.168.4.11"), HostName, null, 0, FlowIdMode.Hash, ProviderAddressStateNames.Preferred, null, 24, null, null, "eth1")])));
        yield return ($"GET {root}/providerroutes", new(Response: new ResourceList<ProviderRouteView>(
            Revision, [new(HostName, IPNetwork.Parse("192.168.5.0/24"), IPAddress.Parse("192.168.4.1"), null, 0)])));
        yield return ($"GET {root}/next-hop", new(Response: new NextHopAnswer(
            "Encapsulated", false, "goes to 192.168.4.22; host2 learned that from its VM", s_onLink, s_learned.CustomerAddress, s_learned, 5001, s_learned.ProviderAddress, s_mac, false)));
        yield return ($"GET {root}/convergence", new(Response: new ConvergenceAnswer(Revision, false, 2, [new(OtherHostName, 41, Revision, true, s_time, 1.2, [])])));
        yield return ("GET /healthz", new(Response: "ok\n"));
        yield return ("GET /readyz", new(Response: "ready at revision 42\n"));
        yield return ("GET /metrics", new(Response: "# TYPE hnv_revision gauge\nhnv_revision 42\n"));
    }

    private static IEnumerable<(string Operation, OperationExamples Examples)> OfHosts(string root, string hosts)
    {
        ImmutableArray<KernelPort> ports = [new($"{TenantName}/{PortName}", "v-blue1", 7, 5001, MacAddress.Parse("06:06:00:00:00:05"), PortStates.Bound, null)];
        yield return ($"GET {hosts}/policy", new(Stream:
        [
            new HelloMessage(PolicyProtocol.Version, "controller1", Revision), new AttachMessage(RoutingDomain, TenantName, NetworkName, Encapsulation.Nvgre),
            new SnapshotMessage(RoutingDomain, Revision), new QueryMessage("7", HostQueries.Ports), new BookmarkMessage(Revision),
        ]));
        yield return ($"POST {hosts}/reports", new(new HostReport(
            PolicyProtocol.Version, "0.1.0", 1767323045000000000, 1, Revision, [new($"{TenantName}/{PortName}", PortStates.Bound, null, 7)], [])));
        yield return ($"POST {hosts}/learned", new(
            new LearnedReport(
                PolicyProtocol.Version, 1767323045000000000, 1, true, [new(RoutingDomain, [], [], LearnedSection.Complete)],
                [new(s_time, RecordEventKind.Throttled, 5001, IPAddress.Parse("10.0.0.81"), MacAddress.Parse("06:06:00:00:00:05"), $"{TenantName}/{PortName}", AddressSource.Arp, "at its limit")]),
            new LearnedAnswer([], [])));
        yield return ($"POST {hosts}/answers/{{id}}", new(ports));
        yield return ($"GET {hosts}/kernel/{{query}}", new(Response: ports));
        var certificate = new CertificateAnswer(HostName, CertificatePem, CertificatePem, s_time.AddDays(90));
        yield return ($"POST {hosts}/enrollments", new(Response: new EnrollmentAnswer(HostName, "hnv1.…", s_time.AddHours(1))));
        yield return ($"POST {root}/enroll", new(new EnrollRequest("hnv1.…", CertificateRequestPem), certificate));
        yield return ($"POST {hosts}/renew", new(new RenewRequest(CertificateRequestPem), certificate));
        yield return ($"GET {root}/ca", new(Response: new CertificateAuthorityAnswer(CertificatePem)));
    }
}
