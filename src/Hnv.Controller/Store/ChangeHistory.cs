using System.Collections.Immutable;

namespace Hnv.Controller.Store;

/// <summary>
/// The newest changes, for those who watch; bounded. Who asks for older ones lists again. Not safe for concurrent use: the store
/// guards it.
/// </summary>
internal sealed class ChangeHistory(int limit)
{
    private readonly Queue<(long Revision, ImmutableArray<ResourceTransition> Transitions)> _changes = new();
    private int _count;

    /// <summary>Changes after this revision are complete.</summary>
    public long Floor { get; private set; }

    public void Reset(long floor)
    {
        _changes.Clear();
        _count = 0;
        Floor = floor;
    }

    public void Add(long revision, ImmutableArray<ResourceTransition> transitions)
    {
        if (transitions.IsEmpty)
        {
            return;
        }

        _changes.Enqueue((revision, transitions));
        _count += transitions.Length;
        while (_count > limit)
        {
            (Floor, ImmutableArray<ResourceTransition> dropped) = _changes.Dequeue();
            _count -= dropped.Length;
        }
    }

    /// <summary>All changes after that revision, oldest first; null when some of them are forgotten.</summary>
    public IReadOnlyList<(long Revision, ImmutableArray<ResourceTransition> Transitions)>? After(long revision) =>
        revision < Floor ? null : _changes.SkipWhile(c => c.Revision <= revision).ToList();
}
