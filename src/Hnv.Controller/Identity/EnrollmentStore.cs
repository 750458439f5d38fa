using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Rest;
using Hnv.Controller.Rest;
using Hnv.Controller.Store;
using Hnv.StateLog;

namespace Hnv.Controller.Identity;

/// <summary>
/// One-time tokens, in the state log so that any controller can take what another gave out. Only the hash of the secret is kept.
/// </summary>
internal sealed class EnrollmentStore(IStateLog log, ControllerOptions options)
{
    /// <summary>A token for the host; older ones of it stay good until they expire.</summary>
    public async Task<EnrollmentAnswer> CreateAsync(string host, ControllerPki pki, CancellationToken cancellationToken)
    {
        await SweepAsync(cancellationToken);
        EnrollmentToken token = EnrollmentToken.Create(pki.Fingerprint);
        DateTimeOffset expires = options.Time.GetUtcNow() + options.EnrollmentLifetime;
        byte[] value = JsonSerializer.SerializeToUtf8Bytes(new Entry(host, expires), HnvJson.Options);
        await log.TransactAsync(new LogTransaction([], [LogOperation.Put(StoreKeys.Enrollment(token.SecretHash()), value)]), cancellationToken);
        return new EnrollmentAnswer(host, token.ToString(), expires);
    }

    /// <summary>Uses a token up and says for which host it was.</summary>
    /// <exception cref="ProblemException">403: unknown, used, or expired; which of them is not told.</exception>
    public async Task<string> RedeemAsync(string text, CancellationToken cancellationToken)
    {
        EnrollmentToken token;
        try
        {
            token = EnrollmentToken.Parse(text);
        }
        catch (FormatException e)
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, e.Message, null, e);
        }

        string key = StoreKeys.Enrollment(token.SecretHash());
        RangeResult found = await log.RangeAsync(key, new RangeOptions(Limit: 1), cancellationToken);
        if (found.Entries is [var stored] && stored.Key == key)
        {
            Entry entry = Read(stored);
            // Who deletes it has it: of two that come at once, one.
            TransactionResult used = await log.TransactAsync(
                new LogTransaction([new LogCompare(key, stored.ModRevision)], [LogOperation.Delete(key)]), CancellationToken.None);
            if (used.Succeeded && entry.Expires > options.Time.GetUtcNow())
            {
                return entry.Host;
            }
        }

        throw new ProblemException(
            StatusCodes.Status403Forbidden, "This token is not good (any more): a token is used once, within an hour. 'hnv host enroll NAME' makes another.");
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        RangeResult tokens = await log.RangeAsync(StoreKeys.Enrollments, new RangeOptions(Limit: StateLogLimits.MaxOperations), cancellationToken);
        LogOperation[] expired = [.. tokens.Entries.Where(e => Read(e).Expires < options.Time.GetUtcNow()).Select(static e => LogOperation.Delete(e.Key))];
        if (expired.Length > 0)
        {
            await log.TransactAsync(new LogTransaction([], [.. expired]), cancellationToken);
        }
    }

    private static Entry Read(LogEntry entry) => JsonSerializer.Deserialize<Entry>(entry.Value.Span, HnvJson.Options)!;

    private sealed record Entry(string Host, DateTimeOffset Expires);
}
