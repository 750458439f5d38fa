using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Hnv.Agent.Answers;
using Hnv.Agent.Sync;
using Hnv.Api.Answers;
using Hnv.Api.Reports;

namespace Hnv.Agent.Local;

/// <summary>The agent's figures in the Prometheus text format (version 0.0.4).</summary>
internal sealed class MetricsText(KernelReader kernel, IReadOnlyList<string> uplinks, Func<AgentState> state, Func<SyncState> sync)
{
    public string Write()
    {
        var text = new StringBuilder();
        AgentState realised = state();
        SyncState stream = sync();

        Head(text, "hnv_realised_revision", "gauge", "Everything up to this revision is in the kernel");
        Line(text, "hnv_realised_revision", realised.RealisedRevision);
        Head(text, "hnv_controller_connected", "gauge", "1 while a controller's policy stream is open");
        Line(text, "hnv_controller_connected", stream.IsConnected ? 1 : 0);
        Head(text, "hnv_problems", "gauge", "What keeps the host from realising more");
        Line(text, "hnv_problems", realised.Problems.Length + (stream.Problem is null ? 0 : 1));

        Head(text, "hnv_ports", "gauge", "Ports of policy by state");
        foreach (string name in (ReadOnlySpan<string>)[PortStates.Bound, PortStates.Waiting, PortStates.Failed])
        {
            Line(text, "hnv_ports", realised.Ports.Count(p => p.State == name), ("state", name));
        }

        Head(text, "hnv_verdict_packets_total", "counter", "Frames by verdict; no port label value for the uplinks");
        foreach (VerdictCount count in kernel.Verdicts())
        {
            Line(text, "hnv_verdict_packets_total", count.Packets, ("port", count.Port ?? string.Empty), ("verdict", count.Verdict), ("drop", count.Drop ? "true" : "false"));
        }

        Head(text, "hnv_port_bytes_total", "counter", "Bytes that crossed a port");
        ImmutableArray<PortTraffic> traffic = kernel.Traffic();
        foreach (PortTraffic port in traffic)
        {
            Line(text, "hnv_port_bytes_total", port.FromVmBytes, ("port", port.Port), ("direction", "from_vm"));
            Line(text, "hnv_port_bytes_total", port.ToVmBytes, ("port", port.Port), ("direction", "to_vm"));
        }

        Head(text, "hnv_port_packets_total", "counter", "Frames that crossed a port");
        foreach (PortTraffic port in traffic)
        {
            Line(text, "hnv_port_packets_total", port.FromVmPackets, ("port", port.Port), ("direction", "from_vm"));
            Line(text, "hnv_port_packets_total", port.ToVmPackets, ("port", port.Port), ("direction", "to_vm"));
        }

        Head(text, "hnv_kernel_feature", "gauge", "1 where the kernel has the feature");
        foreach (KernelFeatureStatus feature in kernel.Features())
        {
            Line(text, "hnv_kernel_feature", feature.State == "supported" ? 1 : 0, ("feature", feature.Feature), ("state", feature.State));
        }

        Head(text, "hnv_kernel_delivery", "gauge", "1: how frames from the wire come into ports of a kind; way and families are those of hnv host status");
        foreach (KernelDelivery delivery in kernel.Deliveries(uplinks))
        {
            Line(
                text, "hnv_kernel_delivery", 1,
                ("uplink", delivery.Uplink), ("provider", delivery.Provider), ("customer", delivery.Customer), ("port", delivery.Port), ("way", delivery.Way));
        }

        Head(text, "hnv_map_entries", "gauge", "Entries in a map of the data plane");
        ImmutableArray<MapUsage> maps = kernel.Maps();
        foreach (MapUsage map in maps)
        {
            Line(text, "hnv_map_entries", map.Entries, ("map", map.Map));
        }

        Head(text, "hnv_map_capacity", "gauge", "Entries a map has room for");
        foreach (MapUsage map in maps)
        {
            Line(text, "hnv_map_capacity", map.Capacity, ("map", map.Map));
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line<T>(StringBuilder text, string name, T value, params ReadOnlySpan<(string Name, string Value)> labels)
        where T : IFormattable
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{');
            for (int i = 0; i < labels.Length; i++)
            {
                text.Append(i == 0 ? string.Empty : ",").Append(labels[i].Name).Append("=\"").Append(Escape(labels[i].Value)).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(value.ToString(null, CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string value) =>
        value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
