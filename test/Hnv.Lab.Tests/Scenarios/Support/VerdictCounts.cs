using System.Collections.Immutable;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Lab.Machine;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>The counters of a host by port (null: uplinks) and verdict, as its kernel has them.</summary>
internal sealed class VerdictCounts
{
    private readonly ImmutableDictionary<(string? Port, string Verdict), long> _packets;

    private VerdictCounts(ImmutableArray<VerdictCount> counts) => _packets = counts
        .GroupBy(c => (c.Port, c.Verdict)).ToImmutableDictionary(g => g.Key, g => g.Sum(c => (long)c.Packets));

    public static async Task<VerdictCounts> ReadAsync(NetworkLab lab, string host)
    {
        try
        {
            return new(await lab.Client.KernelAsync<ImmutableArray<VerdictCount>>(host, HostQueries.Verdicts, TestContext.Current.CancellationToken));
        }
        catch (HnvApiException e)
        {
            // The lab and its logs are gone when somebody reads this.
            LabDaemon agent = lab.Host(host).Agent;
            throw new LabException($"{e.Message} The agent of {host} {(agent.IsRunning ? "runs" : "ended")}:\n{agent.LastWords()}\n{lab.Controller.LastWords()}", e);
        }
    }

    public long Of(string? port, Verdict verdict) => _packets.GetValueOrDefault((port, verdict.ToString()));

    /// <summary>What was added at a port since <paramref name="before"/>, by verdict, without zeros.</summary>
    public IReadOnlyDictionary<Verdict, long> Since(VerdictCounts before, string? port) => _packets
        .Where(p => p.Key.Port == port)
        .Select(p => (Verdict: Enum.Parse<Verdict>(p.Key.Verdict), Added: p.Value - before._packets.GetValueOrDefault(p.Key)))
        .Where(p => p.Added != 0)
        .ToDictionary(p => p.Verdict, p => p.Added);
}
