using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hnv.Api.Manifests;
using Hnv.Lab.Machine;
using Hnv.Model.Resources;

namespace Hnv.Lab.Topology;

/// <summary>
/// What a lab file asks for: machines, and the cloud they belong to. Made by <see cref="LabFileReader"/>; <see cref="LabBuilder"/>
/// writes such a file from code.
/// </summary>
/// <param name="Text">The whole file, as it was read.</param>
/// <param name="FileName">Where it came from, for messages.</param>
/// <param name="Cloud">The documents for the controller.</param>
/// <param name="Files">What the programs of the VMs find where they start.</param>
public sealed record LabTopology(
    string Text, string FileName, ImmutableArray<ManifestDocument> Cloud, ImmutableArray<LabHostSpec> Hosts, ImmutableArray<LabVmSpec> Vms,
    ImmutableArray<LabFileSpec> Files)
{
    /// <summary>The lab that <c>hnv lab up</c> starts without a file: Microsoft's sample of two tenants with equal addresses.</summary>
    public static LabTopology Default { get; } = ReadDefault();

    /// <summary>The same with VMs, and their ports, on other hosts.</summary>
    internal LabTopology Moved(ImmutableArray<LabMovedVm> moves)
    {
        var hosts = moves.Where(m => Hosts.Any(h => h.Name == m.To)).ToDictionary(static m => m.Vm, static m => m.To, StringComparer.Ordinal);
        var ports = Vms.Where(v => hosts.ContainsKey(v.Name)).SelectMany(v => v.Adapters.Select(a => (a.Port, Host: hosts[v.Name])))
            .ToDictionary(static p => p.Port, static p => p.Host, StringComparer.Ordinal);
        return ports.Count == 0 ? this : this with
        {
            Vms = [.. Vms.Select(v => hosts.TryGetValue(v.Name, out string? host) ? v with { Host = host } : v)],
            Cloud = [.. Cloud.Select(d => d.Kind == ResourceKind.Port && ports.TryGetValue($"{TenantOf(d)}/{d.Name}", out string? host) ? OnHost(d, host) : d)],
        };
    }

    private static string TenantOf(ManifestDocument port) =>
        port.Root.TryGetProperty("tenant", out JsonElement tenant) ? tenant.ToString() : ResourceId.DefaultTenant;

    private static ManifestDocument OnHost(ManifestDocument port, string host)
    {
        JsonObject root = JsonObject.Create(port.Root)!;
        root["host"] = host;
        return port with { Root = JsonSerializer.SerializeToElement(root) };
    }

    private static LabTopology ReadDefault()
    {
        const string Name = "default.yaml";
        using Stream stream = typeof(LabTopology).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"The resource {Name} is missing from the build.");
        using var reader = new StreamReader(stream);
        return LabFileReader.Parse(reader.ReadToEnd(), "lab/" + Name);
    }
}
