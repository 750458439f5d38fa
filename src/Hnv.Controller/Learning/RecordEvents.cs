using Hnv.Api.Rest;
using Hnv.Controller.Store;

namespace Hnv.Controller.Learning;

/// <summary>
/// The last events of every tenant, in memory. A tenant's storm pushes out nobody else's, and a tenant's numbers say nothing of
/// others: they count its own events. Who sees all tenants sees numbers that count all.
/// </summary>
/// <param name="before">
/// Numbers begin after it. Later runs of a controller begin later, so that who goes on after a restart, from the last number that it
/// saw, misses nothing and is told nothing twice.
/// </param>
internal sealed class RecordEvents(long before)
{
    /// <summary>Events kept of a tenant.</summary>
    public const int PerTenant = 2_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Kept> _tenants = new(StringComparer.Ordinal);
    private readonly AsyncSignal _changed = new();
    private readonly long _before = before;
    private long _last = before;

    /// <summary>Completes at the next event.</summary>
    public Task Changed => _changed.Next;

    /// <summary>Where the numbers of a run begin that starts now: microseconds since 1970, more than a controller ever takes events in.</summary>
    public static long BeforeRun(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Number of the newest event: of a tenant, or of all when none is named.</summary>
    public long Last(string? tenant)
    {
        lock (_gate)
        {
            return LastOf(tenant);
        }
    }

    /// <summary>Keeps an event, under the next number.</summary>
    public void Add(RecordEvent e)
    {
        lock (_gate)
        {
            if (!_tenants.TryGetValue(e.Tenant, out Kept? kept))
            {
                _tenants.Add(e.Tenant, kept = new Kept { Last = _before });
            }

            kept.Events.Enqueue((++_last, e with { Number = ++kept.Last }));
            if (kept.Events.Count > PerTenant)
            {
                kept.Events.Dequeue();
            }
        }

        _changed.Set();
    }

    /// <summary>Events after a number, oldest first, and the number up to which they are; those of all tenants when none is named.</summary>
    public (long Upto, IReadOnlyList<RecordEvent> Events) After(long number, string? tenant)
    {
        lock (_gate)
        {
            RecordEvent[] found = tenant is not null
                ? [.. (_tenants.GetValueOrDefault(tenant)?.Events ?? []).Select(static k => k.Event).Where(e => e.Number > number)]
                : [.. _tenants.Values.SelectMany(static k => k.Events).Where(k => k.Overall > number).OrderBy(static k => k.Overall).Select(static k => k.Event with { Number = k.Overall })];
            return (LastOf(tenant), found);
        }
    }

    /// <summary>A tenant is gone.</summary>
    public void Forget(string tenant)
    {
        lock (_gate)
        {
            _tenants.Remove(tenant);
        }
    }

    private long LastOf(string? tenant) => tenant is null ? _last : _tenants.GetValueOrDefault(tenant)?.Last ?? _before;

    /// <summary>Events with their number among those of all tenants.</summary>
    private sealed class Kept
    {
        public Queue<(long Overall, RecordEvent Event)> Events { get; } = new();

        public long Last { get; set; }
    }
}
