using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hnv.Linux;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Tables;

/// <summary>
/// Desired against actual, in one dictionary:
/// <code>
///        desired                     in the kernel
///   ┌──────────────────┬───────────────────┬──────────────────┐
///   │ to be written    │ both: nothing to  │ to be removed,   │
///   │                  │ do, unless Differs│ once swept       │
///   └──────────────────┴───────────────────┴──────────────────┘
/// </code>
/// Invariants: a slot holds the desired value if there is one, else what the kernel was last known to hold; <c>Differs</c> means that the
/// kernel holds another value than the slot; a key is in <c>_pending</c> if it may need a system call. What was adopted and not
/// yet claimed is not pending: one scan at the first sweep finds it, so adopting costs no second copy.
/// </summary>
internal sealed class DeltaTracker<TKey, TValue>(IKernelTable<TKey, TValue> kernel) : IDesiredTable<TKey, TValue>, ITableWriter
    where TKey : unmanaged, IEquatable<TKey>
    where TValue : unmanaged, IEquatable<TValue>
{
    private const int ChunkSize = 4096;

    private readonly Dictionary<TKey, Slot> _slots = [];
    private readonly HashSet<TKey> _pending = [];
    private bool _unclaimed;

    [Flags]
    private enum State : byte
    {
        None = 0,
        Desired = 1,
        InKernel = 2,
        Differs = 4,
    }

    public string Name => kernel.Name;

    public int Count { get; private set; }

    public long InKernel { get; private set; }

    public int Pending => _pending.Count;

    public IEnumerable<KeyValuePair<TKey, TValue>> Desired =>
        _slots.Where(slot => slot.Value.Has(State.Desired)).Select(slot => KeyValuePair.Create(slot.Key, slot.Value.Value));

    /// <summary>Takes over what the kernel holds: known from now on, desired by nobody yet. Before the first change.</summary>
    public void Adopt()
    {
        if (_slots.Count > 0)
        {
            throw new InvalidOperationException($"'{Name}' has been written to already.");
        }

        List<KeyValuePair<TKey, TValue>> entries = kernel.ReadAll();
        _slots.EnsureCapacity(entries.Count);
        foreach ((TKey key, TValue value) in entries)
        {
            _slots[key] = new Slot(value, State.InKernel); // A walk of a live map may repeat a key.
        }

        InKernel = _slots.Count;
        _unclaimed = InKernel > 0;
    }

    public void Set(TKey key, TValue value)
    {
        ref Slot slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, key, out bool known);
        if (!known)
        {
            slot = new Slot(value, State.Desired);
            _pending.Add(key);
            Count++;
            return;
        }

        if (!slot.Has(State.Desired))
        {
            Count++;
        }

        bool written = slot.Has(State.InKernel) && !slot.Has(State.Differs) && slot.Value.Equals(value);
        slot = new Slot(value, State.Desired | (slot.State & State.InKernel) | (written || !slot.Has(State.InKernel) ? State.None : State.Differs));
        if (written)
        {
            _pending.Remove(key);
        }
        else
        {
            _pending.Add(key);
        }
    }

    public bool Remove(TKey key)
    {
        ref Slot slot = ref CollectionsMarshal.GetValueRefOrNullRef(_slots, key);
        if (Unsafe.IsNullRef(ref slot) || !slot.Has(State.Desired))
        {
            return false;
        }

        Count--;
        if (slot.Has(State.InKernel))
        {
            slot = slot.With(slot.State & ~State.Desired);
            _pending.Add(key);
        }
        else
        {
            _slots.Remove(key);
            _pending.Remove(key);
        }

        return true;
    }

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        bool desired = _slots.TryGetValue(key, out Slot slot) && slot.Has(State.Desired);
        value = desired ? slot.Value : default;
        return desired;
    }

    public void WriteAdditions(TableOutcome outcome)
    {
        TKey[] keys = [.. _pending.Where(key => _slots[key].Has(State.Desired))];
        if (keys.Length == 0)
        {
            return;
        }

        long created = keys.LongCount(key => !_slots[key].Has(State.InKernel));
        if (created > 0)
        {
            Reserve(InKernel + created, outcome);
        }

        var values = new TValue[Math.Min(keys.Length, ChunkSize)];
        bool full = false;
        for (int start = 0; start < keys.Length; start += ChunkSize)
        {
            ReadOnlySpan<TKey> chunk = keys.AsSpan(start, Math.Min(ChunkSize, keys.Length - start));
            for (int i = 0; i < chunk.Length; i++)
            {
                values[i] = _slots[chunk[i]].Value;
            }

            if (full || !TryUpdateBatch(chunk, values.AsSpan(0, chunk.Length)))
            {
                full = WriteOneByOne(chunk, full, outcome);
                continue;
            }

            foreach (TKey key in chunk)
            {
                MarkWritten(key);
            }

            outcome.Written += chunk.Length;
        }

        TrimPending();
    }

    public void WriteRemovals(TableOutcome outcome)
    {
        // Additions that found no room wait in _pending too; they are not for removal.
        IEnumerable<TKey> stale = _unclaimed
            ? _slots.Where(slot => !slot.Value.Has(State.Desired)).Select(slot => slot.Key)
            : _pending.Where(key => !_slots[key].Has(State.Desired));
        foreach (TKey[] chunk in stale.ToArray().Chunk(ChunkSize))
        {
            try
            {
                kernel.DeleteBatch(chunk);
            }
            catch (BpfException failure)
            {
                outcome.FailRemoval(failure.Errno); // What was removed of it is harmless to remove again.
                return;
            }

            foreach (TKey key in chunk)
            {
                _slots.Remove(key);
                _pending.Remove(key);
            }

            InKernel -= chunk.Length;
            outcome.Removed += chunk.Length;
        }

        _unclaimed = false;
        TrimPending();
    }

    public TableFailure? Conclude(TableOutcome outcome) =>
        outcome.Failure == Errno.None ? null : new TableFailure(Name, outcome.Failure, Pending, InKernel, kernel.Capacity);

    /// <summary>A map that cannot grow may still have the room; the failure is reported either way.</summary>
    private void Reserve(long entries, TableOutcome outcome)
    {
        try
        {
            kernel.Reserve(entries);
        }
        catch (BpfException failure)
        {
            outcome.FailAddition(failure.Errno);
        }
    }

    /// <returns>False when not all was written; how much is unknown, so the caller repeats entry by entry.</returns>
    private bool TryUpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values)
    {
        try
        {
            kernel.UpdateBatch(keys, values);
            return true;
        }
        catch (BpfException)
        {
            return false; // The repetition finds the entry that cannot be written, and reports it.
        }
    }

    /// <returns>Whether the map is full: from then on only replacements are tried, which need no room.</returns>
    private bool WriteOneByOne(ReadOnlySpan<TKey> keys, bool full, TableOutcome outcome)
    {
        foreach (TKey key in keys)
        {
            Slot slot = _slots[key];
            if (full && !slot.Has(State.InKernel))
            {
                continue;
            }

            try
            {
                kernel.Update(key, slot.Value);
            }
            catch (BpfException failure)
            {
                outcome.FailAddition(failure.Errno);
                full |= failure.Errno is Errno.E2BIG or Errno.ENOSPC or Errno.ENOMEM;
                continue;
            }

            MarkWritten(key);
            outcome.Written++;
        }

        return full;
    }

    private void MarkWritten(TKey key)
    {
        ref Slot slot = ref CollectionsMarshal.GetValueRefOrNullRef(_slots, key);
        if (!slot.Has(State.InKernel))
        {
            InKernel++;
        }

        slot = slot.With(State.Desired | State.InKernel);
        _pending.Remove(key);
    }

    /// <summary>A snapshot makes everything pending once; its room is not kept.</summary>
    private void TrimPending()
    {
        if (_pending.Count == 0 && _pending.Capacity > ChunkSize)
        {
            _pending.TrimExcess();
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Slot(TValue Value, State State)
    {
        public bool Has(State state) => (State & state) != State.None;

        public Slot With(State state) => new(Value, state);
    }
}
