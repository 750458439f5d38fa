using System.Collections.Immutable;
using Hnv.Api.Rest;
using Hnv.Controller.Store;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Who has realised a revision. A host is concerned by what changed for it, not by every revision; one that has no network, and was
/// never heard, is not waited for.
/// </summary>
internal sealed class Convergence(ModelStore store, PolicyHub hub, HostRegistry registry, HostFindings findings, ControllerOptions options)
{
    /// <summary>Reports come in bursts; they are looked at once in this time.</summary>
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(20);

    /// <param name="tenant">Only hosts with a network of this tenant, without their problems, which may name others' ports; null: all.</param>
    public async Task<ConvergenceAnswer> WaitAsync(long revision, string? tenant, TimeSpan wait, CancellationToken cancellationToken)
    {
        long end = options.Time.GetTimestamp() + (long)(wait.TotalSeconds * options.Time.TimestampFrequency);
        while (true)
        {
            Task next = Task.WhenAny(registry.Changed, store.Changed);
            ConvergenceAnswer answer = Ask(revision, tenant);
            TimeSpan left = options.Time.GetElapsedTime(options.Time.GetTimestamp(), end);
            if (answer.Converged || left <= TimeSpan.Zero)
            {
                return answer;
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(next, Task.Delay(left, options.Time, limit.Token));
            await limit.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Delay(left < s_pace ? left : s_pace, options.Time, cancellationToken);
        }
    }

    private ConvergenceAnswer Ask(long revision, string? tenant)
    {
        PolicySnapshot current = hub.Current;
        var pending = ImmutableArray.CreateBuilder<PendingHost>();
        int concerned = 0;
        foreach ((string name, HostPolicy policy) in current.Hosts)
        {
            HostRuntime host = registry.Find(name);
            if ((policy.Networks.IsEmpty && host.LastSeen is null) || (tenant is not null && !policy.Networks.Any(n => current.Networks.GetValueOrDefault(n)?.Network.Tenant == tenant)))
            {
                continue;
            }

            concerned++;
            long needed = hub.NeededRevision(name, revision);

            // Of a revision yet to come speaks who followed a log that a backup has replaced since: what that was is not in this one.
            // Read after the host, so that it is as new as what the host was told.
            // What its agent is not told, a host has not realised, whatever it reports.
            ImmutableArray<string> withheld = findings.WithheldFrom(name, tenant);
            if (host.RealisedRevision < needed || host.RealisedRevision > hub.Current.Revision || !withheld.IsEmpty)
            {
                pending.Add(
                    new PendingHost(name, host.RealisedRevision, needed, host.Connected, host.LastSeen, registry.AgeOf(host), tenant is null ? findings.StateOf(name).Problems : [])
                    {
                        Withheld = withheld,
                    });
            }
        }

        pending.Sort(static (a, b) => string.CompareOrdinal(a.Host, b.Host));
        return new ConvergenceAnswer(revision, pending.Count == 0 && current.Revision >= revision, concerned, pending.ToImmutable());
    }
}
