using System.Text.Json;
using System.Text.Json.Nodes;
using Hnv.Api.Rest;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest.Description;

/// <summary>A small cloud, a resource of each kind, which fit together: in this order they can be applied.</summary>
internal static class ResourceExamples
{
    public const string TenantName = "blue-corp", HostName = "host1", OtherHostName = "host2", NetworkName = "blue", PortName = "blue1", LearningPortName = "blue2",
        ApplianceName = "appliance";

    /// <summary>Revision of everything in the examples.</summary>
    public const long Revision = 42;

    /// <summary>Routing domain of <see cref="NetworkName"/>.</summary>
    public static readonly Guid RoutingDomain = new("11111111-2222-3333-4444-000000005001");

    private const string HostWritten = """{"kind":"Host","name":"host1","providerAddresses":["192.168.4.11"]}""";

    private const string PortWritten = """
        {"kind":"Port","name":"blue1","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host1","interface":"v-blue1","mac":"06:06:00:00:00:05","addresses":["10.0.0.5"]}
        """;

    private const string LearningPortWritten = """
        {"kind":"Port","name":"blue2","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host2","interface":"v-blue2","mac":"06:06:00:00:00:06"}
        """;

    private const string NetworkWritten = """
        {"kind":"VmNetwork","name":"blue","tenant":"blue-corp","routingDomainId":"{11111111-2222-3333-4444-000000005001}","encapsulation":"nvgre",
         "subnets":[{"vsid":5001,"name":"web","prefixes":["10.0.0.0/24"],"learning":"dynamic"}],"routes":[{"prefix":"0.0.0.0/0","nextHop":"10.0.0.9","metric":10}]}
        """;

    private const string RecordWritten = """
        {"kind":"LookupRecord","name":"appliance","tenant":"blue-corp","vsid":5001,"customerAddress":"10.0.0.9","mac":"06:06:00:00:00:09","providerAddress":"192.168.4.99","type":"Static"}
        """;

    /// <summary>All of it, as a manifest.</summary>
    public static ApplyRequest Apply { get; } = new(
    [
        Json(Written(ResourceKind.Tenant)), Json(HostWritten), Json("""{"kind":"Host","name":"host2","providerAddresses":["192.168.4.22"]}"""),
        Json(Written(ResourceKind.ProviderEndpoint)), Json(NetworkWritten), Json(PortWritten), Json(LearningPortWritten), Json(RecordWritten),
    ]);

    /// <summary>What PUT takes.</summary>
    public static JsonElement Put(ResourceKind kind) => Json(Written(kind));

    /// <summary>What GET shows.</summary>
    public static JsonElement Get(ResourceKind kind)
    {
        JsonObject shown = JsonNode.Parse(Written(kind))!.AsObject();
        shown["revision"] = Revision;
        string? status = kind switch
        {
            ResourceKind.Host => """{"connected":true,"lastSeen":"2026-01-02T03:04:05Z","ageSeconds":1.2,"realisedRevision":42,"agentVersion":"0.1.0","problems":[],"protocol":3}""",
            ResourceKind.Port => """{"number":1,"state":"bound","interfaceIndex":7,"providerAddress":"192.168.4.11"}""",
            _ => null,
        };
        if (status is not null)
        {
            shown["status"] = JsonNode.Parse(status);
        }

        return Json(shown.ToJsonString());
    }

    /// <summary>The port while it moves to the other host.</summary>
    public static JsonElement MovingPort
    {
        get
        {
            JsonObject port = JsonNode.Parse(Get(ResourceKind.Port).GetRawText())!.AsObject();
            port["migratingTo"] = new JsonObject { ["host"] = OtherHostName, ["interface"] = "v-blue1" };
            port["status"]!.AsObject()["migration"] = new JsonObject { ["host"] = OtherHostName, ["state"] = "prepared" };
            return Json(port.ToJsonString());
        }
    }

    public static JsonElement Json(string json) => JsonElement.Parse(json);

    private static string Written(ResourceKind kind) => kind switch
    {
        ResourceKind.Tenant => """{"kind":"Tenant","name":"blue-corp"}""",
        ResourceKind.Host => HostWritten,
        ResourceKind.ProviderEndpoint => """{"kind":"ProviderEndpoint","name":"appliance","providerAddress":"192.168.4.99","flowId":"zero"}""",
        ResourceKind.VmNetwork => NetworkWritten,
        ResourceKind.Port => PortWritten,
        ResourceKind.LookupRecord => RecordWritten,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind."),
    };
}
