using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Reachability;

/// <summary>
/// Finds out who reaches whom, and proves it: every request has a token, and every VM listens, so that it is known inside which VM a
/// request came out. With the same address in two networks an answer would not tell.
/// </summary>
public static class ReachabilityProbe
{
    private static readonly TimeSpan s_resend = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a request may take that should arrive.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(4);

    /// <summary>How long requests that should not arrive are waited for, after all that should have arrived.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromMilliseconds(600);

    private const int RttSamples = 3;

    private sealed record Probe(EchoEndpoint From, LabVmSpec To, IPAddress Address, bool SameNetwork, ulong Token)
    {
        public ConcurrentBag<string> ArrivedAt { get; } = [];

        public long AnsweredAt;

        public bool Ok => AnsweredAt != 0 && ArrivedAt.Contains(To.Name);
    }

    /// <summary>Pings between VMs of a lab.</summary>
    /// <param name="fromVm">Null: from every VM.</param>
    /// <param name="toVm">Null: to every other VM, at all its addresses.</param>
    public static async Task<ImmutableArray<PingResult>> RunAsync(
        NetworkLab lab, string? fromVm = null, string? toVm = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lab);
        var probes = new ConcurrentDictionary<ulong, Probe>();
        void Heard(string vm, ulong token, bool request, long at)
        {
            if (!probes.TryGetValue(token, out Probe? probe))
            {
                return;
            }

            if (request)
            {
                probe.ArrivedAt.Add(vm);
            }
            else if (vm == probe.From.Vm)
            {
                _ = Interlocked.CompareExchange(ref probe.AnsweredAt, at, 0);
            }
        }

        var endpoints = new List<EchoEndpoint>();
        try
        {
            endpoints.AddRange(lab.Vms.Select(v => new EchoEndpoint(v.Name, v.Namespace, Heard)));
            Dictionary<(string, string), IReadOnlyList<IPAddress>> addresses = lab.Vms
                .SelectMany(static v => v.Spec.Adapters.Select(a => (Key: (v.Name, a.Name), Addresses: v.ReadAddresses(a))))
                .ToDictionary(static a => a.Key, static a => a.Addresses);
            ulong token = (ulong)Random.Shared.NextInt64();
            Probe[] wanted =
            [
                .. from source in lab.Topology.Vms.Where(v => fromVm is null || v.Name == fromVm)
                   from target in lab.Topology.Vms.Where(v => v.Name != source.Name && (toVm is null || v.Name == toVm))
                   let shared = source.Adapters.Select(a => a.Network).Intersect(target.Adapters.Select(a => a.Network)).ToArray()
                   from adapter in target.Adapters
                   where shared.Length == 0 || shared.Contains(adapter.Network)
                   from address in addresses[(target.Name, adapter.Name)]
                   select new Probe(endpoints.First(e => e.Vm == source.Name), target, address, shared.Length > 0, token++),
            ];
            foreach (Probe probe in wanted)
            {
                probes[probe.Token] = probe;
            }

            await AskAsync(wanted, cancellationToken);
            var results = ImmutableArray.CreateBuilder<PingResult>(wanted.Length);
            foreach (Probe probe in wanted)
            {
                double? rtt = probe.Ok ? await MeasureAsync(probe, probes, cancellationToken) : null;
                string? arrived = probe.Ok ? probe.To.Name : probe.ArrivedAt.FirstOrDefault();
                results.Add(new PingResult(probe.From.Vm, probe.To.Name, probe.Address, probe.Ok, rtt, arrived, probe.SameNetwork));
            }

            return results.DrainToImmutable();
        }
        finally
        {
            endpoints.ForEach(e => e.Dispose());
        }
    }

    /// <summary>Asks until all that should answer has answered or patience ends; then listens a little longer for what should not arrive.</summary>
    private static async Task AskAsync(Probe[] probes, CancellationToken cancellationToken)
    {
        long since = Stopwatch.GetTimestamp();
        for (ushort sequence = 0; Stopwatch.GetElapsedTime(since) < s_patience; sequence++)
        {
            foreach (Probe probe in probes.Where(p => p.AnsweredAt == 0))
            {
                _ = probe.From.Send(probe.Address, probe.Token, sequence);
            }

            long round = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(round) < s_resend && probes.Any(p => p.SameNetwork && !p.Ok))
            {
                await Task.Delay(5, cancellationToken);
            }

            if (probes.All(p => !p.SameNetwork || p.Ok))
            {
                break;
            }
        }

        if (probes.Any(p => !p.SameNetwork))
        {
            await Task.Delay(s_silence, cancellationToken);
        }
    }

    /// <summary>The shortest of some round trips, one at a time, in milliseconds.</summary>
    private static async Task<double?> MeasureAsync(Probe probe, ConcurrentDictionary<ulong, Probe> probes, CancellationToken cancellationToken)
    {
        double? best = null;
        for (int i = 0; i < RttSamples; i++)
        {
            Probe sample = probe with { Token = (ulong)Random.Shared.NextInt64(), AnsweredAt = 0 };
            probes[sample.Token] = sample;
            long sent = Stopwatch.GetTimestamp();
            _ = sample.From.Send(sample.Address, sample.Token, 0);
            while (Volatile.Read(ref sample.AnsweredAt) == 0 && Stopwatch.GetElapsedTime(sent) < s_patience)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (sample.AnsweredAt != 0)
            {
                double rtt = Stopwatch.GetElapsedTime(sent, sample.AnsweredAt).TotalMilliseconds;
                best = Math.Min(best ?? double.MaxValue, Math.Round(rtt, 3));
            }
        }

        return best;
    }
}
