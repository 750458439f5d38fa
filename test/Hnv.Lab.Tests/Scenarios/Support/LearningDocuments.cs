namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>What a <see cref="LabBuilder"/> needs for subnets that learn.</summary>
internal static class LearningDocuments
{
    /// <summary>A VM network with one subnet of both families, 10.0.0.0/24 and 2001:db8:1::/64, that learns and floods; its tenant has its name.</summary>
    /// <param name="more">Further fields of the subnet.</param>
    public static LabBuilder LearningNetwork(this LabBuilder builder, string name, uint vsid, string more = "routerAdvertisements: \"off\"", string encapsulation = "nvgre") =>
        builder.Document($$"""
        kind: VmNetwork
        name: {{name}}
        tenant: {{name}}
        encapsulation: {{encapsulation}}
        subnets:
        - {vsid: {{vsid}}, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"], learning: dynamic, flooding: unicast, {{more}}}
        """);

    /// <summary>A VM and its port of the same name.</summary>
    /// <param name="addresses">Those that policy says.</param>
    /// <param name="own">What the VM has beside them, with prefix lengths.</param>
    /// <param name="configuresItself">Duplicate address detection, router advertisements.</param>
    /// <param name="more">Further lines of the port.</param>
    public static LabBuilder Guest(
        this LabBuilder builder, string name, string host, string network, uint vsid, string[]? addresses = null, string[]? own = null, bool configuresItself = false,
        string more = "", string? mac = null)
    {
        builder.Document(Port(name, host, network, vsid, addresses, more, mac));
        return builder.Document($"""
            kind: LabVm
            name: {name}
            host: {host}
            ports: ["{network}/{name}"]
            addresses: [{Quoted(own)}]
            configure: {(configuresItself ? "auto" : "static")}
            """);
    }

    /// <summary>The port's document. Its MAC follows from the name, unless said.</summary>
    public static string Port(string name, string host, string network, uint vsid, string[]? addresses = null, string more = "", string? mac = null) => $"""
        kind: Port
        name: {name}
        tenant: {network}
        vmNetwork: {network}
        vsid: {vsid}
        host: {host}
        interface: v-{name}
        mac: {mac ?? Mac(name)}
        addresses: [{Quoted(addresses)}]
        {more}
        """;

    private static string Mac(string name)
    {
        uint hash = 2166136261;
        foreach (char c in name)
        {
            hash = (hash ^ c) * 16777619;
        }

        return $"06:06:{hash >> 24:x2}:{(hash >> 16) & 255:x2}:{(hash >> 8) & 255:x2}:{hash & 255:x2}";
    }

    private static string Quoted(string[]? texts) => string.Join(", ", (texts ?? []).Select(t => $"\"{t}\""));
}
