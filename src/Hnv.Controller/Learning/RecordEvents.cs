using Hnv.Api.Rest;
using Hnv.Controller.Store;

namespace Hnv.Controller.Learning;

/// <summary>The last events of every tenant, in memory. A tenant's storm pushes out nobody else's.</summary>
internal sealed class RecordEvents
{
    /// <summary>Events kept of a tenant.</summary>
    public const int PerTenant = 2_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<RecordEvent>> _tenants = new(StringComparer.Ordinal);
    private readonly AsyncSignal _changed = new();
    private long _last;

    /// <summary>Number of the newest event.</summary>
    public long Last
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    /// <summary>Completes at the next event.</summary>
    public Task Changed => _changed.Next;

    /// <summary>Keeps an event, under the next number.</summary>
    public void Add(RecordEvent e)
    {
        lock (_gate)
        {
            if (!_tenants.TryGetValue(e.Tenant, out Queue<RecordEvent>? kept))
            {
                _tenants.Add(e.Tenant, kept = new Queue<RecordEvent>());
            }

            kept.Enqueue(e with { Number = ++_last });
            if (kept.Count > PerTenant)
            {
                kept.Dequeue();
            }
        }

        _changed.Set();
    }

    /// <summary>Events after a number, oldest first, and the number up to which they are; those of all tenants when none is named.</summary>
    public (long Upto, IReadOnlyList<RecordEvent> Events) After(long number, string? tenant)
    {
        lock (_gate)
        {
            IEnumerable<RecordEvent> kept = tenant is null ? _tenants.Values.SelectMany(static q => q) : _tenants.GetValueOrDefault(tenant) ?? [];
            RecordEvent[] found = [.. kept.Where(e => e.Number > number)];
            if (tenant is null)
            {
                Array.Sort(found, static (a, b) => a.Number.CompareTo(b.Number));
            }

            return (_last, found);
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
}
