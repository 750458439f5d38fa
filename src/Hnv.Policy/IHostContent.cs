using Hnv.Api.Stream;

namespace Hnv.Policy;

/// <summary>What one host must know of one network (or of itself), as of one revision: an immutable set of items by key.</summary>
public interface IHostContent
{
    /// <summary>Number of items.</summary>
    int Count { get; }

    /// <summary>Digest of all items.</summary>
    PolicyDigest Digest { get; }

    /// <summary>All items, in no order.</summary>
    IEnumerable<PolicyItem> Items { get; }

    /// <summary>The item of that key, or null.</summary>
    PolicyItem? Find(string key);
}
