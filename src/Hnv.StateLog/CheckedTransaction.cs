using System.Collections.Immutable;
using Hnv.StateLog.Keys;

namespace Hnv.StateLog;

/// <summary>
/// A transaction that keeps the contract's rules: operations in key order, keys encoded, values copied, so that the caller may
/// reuse its buffers while the write waits its turn.
/// </summary>
internal sealed record CheckedTransaction(ImmutableArray<CheckedCompare> Compares, ImmutableArray<CheckedOperation> Operations)
{
    /// <exception cref="ArgumentException">A key is empty, malformed, or occurs twice among the operations.</exception>
    /// <exception cref="TransactionTooLargeException">It exceeds <see cref="StateLogLimits"/>.</exception>
    public static CheckedTransaction Check(LogTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ImmutableArray<LogCompare> compares = transaction.Compares.IsDefault ? [] : transaction.Compares;
        ImmutableArray<LogOperation> operations = transaction.Operations.IsDefault ? [] : transaction.Operations;
        CheckCount(compares.Length, "comparisons");
        CheckCount(operations.Length, "operations");

        // Sizes are judged before anything is copied.
        long bytes = 0;
        ImmutableArray<CheckedCompare> checkedCompares =
            [.. compares.Select(c => new CheckedCompare(c.Key, EncodeKey(c.Key, ref bytes), c.ModRevision))];
        var keyed = operations.Select(o => (Operation: o, Bytes: EncodeKey(o.Key, ref bytes))).ToList();
        bytes += operations.Sum(o => (long)(o.Value?.Length ?? 0));
        if (bytes > StateLogLimits.MaxBytes)
        {
            throw new TransactionTooLargeException(
                $"The transaction's keys and values take {bytes} bytes; at most {StateLogLimits.MaxBytes} are allowed.");
        }

        keyed.Sort((a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
        for (int i = 1; i < keyed.Count; i++)
        {
            if (string.Equals(keyed[i].Operation.Key, keyed[i - 1].Operation.Key, StringComparison.Ordinal))
            {
                throw new ArgumentException(
                    $"The key '{keyed[i].Operation.Key}' occurs more than once among the operations.", nameof(transaction));
            }
        }

        return new(checkedCompares, [.. keyed.Select(k => new CheckedOperation(k.Operation.Key, k.Bytes, k.Operation.Value?.ToArray()))]);
    }

    private static void CheckCount(int count, string what)
    {
        if (count > StateLogLimits.MaxOperations)
        {
            throw new TransactionTooLargeException(
                $"The transaction has {count} {what}; at most {StateLogLimits.MaxOperations} are allowed.");
        }
    }

    private static byte[] EncodeKey(string key, ref long bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        byte[] encoded = KeyEncoding.Encode(key, nameof(key));
        bytes += encoded.Length;
        return encoded;
    }
}

internal readonly record struct CheckedCompare(string Key, byte[] KeyBytes, long ModRevision);

/// <summary>A put, or a deletion when <paramref name="Value"/> is null.</summary>
internal readonly record struct CheckedOperation(string Key, byte[] KeyBytes, byte[]? Value);
