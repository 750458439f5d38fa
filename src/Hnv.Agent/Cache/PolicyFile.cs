using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Hnv.Agent.Sync;
using Hnv.Api;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Agent.Cache;

/// <summary>
/// Format of the file that holds one network's policy.
/// <code>
///   0   8  "HNVPOLCY"
///   8   4  format, big endian
///  12  32  SHA-256 of bytes 0–11 and of everything behind the checksum
///  44      JSON lines: a head (network, tenant, name, encapsulation, revision, digest, count), then one item a line
/// </code>
/// The file says the same as the stream and in the same words, so that a person can read it with `tail -c +45`.
/// </summary>
internal static class PolicyFile
{
    /// <summary>The format this build writes, and the newest it reads.</summary>
    public const int Format = 1;

    private const int ChecksumAt = 12;
    private const int BodyAt = ChecksumAt + SHA256.HashSizeInBytes;
    private const int BufferSize = 64 * 1024;

    private static ReadOnlySpan<byte> Magic => "HNVPOLCY"u8;

    /// <summary>Writes the policy to an empty, seekable stream.</summary>
    public static void Write(Stream file, HeldNetworkPolicy policy)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[BodyAt];
        head.Clear();
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32BigEndian(head[8..], Format);
        hash.AppendData(head[..ChecksumAt]);
        file.Write(head);

        var buffer = new ArrayBufferWriter<byte>(BufferSize + 4096);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = HnvJson.Encoder, SkipValidation = true });
        Line(new Head(policy.Network, policy.Tenant, policy.Name, policy.Encapsulation, policy.Revision, policy.Digest.ToString(), policy.Items.Count));
        foreach (PolicyItem item in policy.Items.Values)
        {
            Line(item);
            if (buffer.WrittenCount >= BufferSize)
            {
                Drain();
            }
        }

        Drain();
        file.Position = ChecksumAt;
        file.Write(hash.GetHashAndReset());

        void Line<T>(T value)
        {
            json.Reset();
            JsonSerializer.Serialize(json, value, HnvJson.Options);
            json.Flush();
            buffer.Write("\n"u8);
        }

        void Drain()
        {
            hash.AppendData(buffer.WrittenSpan);
            file.Write(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
        }
    }

    /// <summary>Reads a policy back.</summary>
    /// <exception cref="PolicyFileException">Anything is wrong with it; nothing else is thrown for any content.</exception>
    public static HeldNetworkPolicy Read(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> bytes = file.Span;
        if (bytes.Length < BodyAt || !bytes[..8].SequenceEqual(Magic))
        {
            throw new PolicyFileException("it is not a policy file, or cut short");
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes[..ChecksumAt]);
        hash.AppendData(bytes[BodyAt..]);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(bytes[ChecksumAt..BodyAt]))
        {
            throw new PolicyFileException("its checksum does not match: it was cut short or altered");
        }

        int format = BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
        if (format != Format)
        {
            throw new PolicyFileException(
                $"it has format {format}, this agent reads {Format}{(format > Format ? ": a newer version wrote it, which can use it again when its name is put back" : string.Empty)}");
        }

        try
        {
            return Parse(file[BodyAt..]);
        }
        catch (Exception e) when (e is JsonException or PolicyViolationException or NotSupportedException or ArgumentException)
        {
            throw new PolicyFileException("it does not say what a policy file says: " + e.Message, e);
        }
    }

    private static HeldNetworkPolicy Parse(ReadOnlyMemory<byte> body)
    {
        Head head = JsonSerializer.Deserialize<Head>(NextLine(ref body).Span, HnvJson.Options) ?? throw new JsonException("no head");
        var interner = new ItemInterner();
        var digest = default(PolicyDigest);
        var items = ImmutableDictionary.CreateBuilder<string, PolicyItem>(StringComparer.Ordinal);
        while (!body.IsEmpty)
        {
            PolicyItem? item = JsonSerializer.Deserialize<PolicyItem>(NextLine(ref body).Span, HnvJson.Options);
            ItemRules.Check(head.Network, item);
            digest = digest.Add(item!);
            items.Add(item!.Key, interner.Intern(item));
        }

        if (items.Count != head.Count || digest.ToString() != head.Digest)
        {
            throw new JsonException("count or digest differ from the head's");
        }

        return new HeldNetworkPolicy(head.Network, head.Tenant, head.Name, head.Encapsulation, head.Revision, digest, items.ToImmutable());
    }

    private static ReadOnlyMemory<byte> NextLine(ref ReadOnlyMemory<byte> body)
    {
        int end = body.Span.IndexOf((byte)'\n');
        ReadOnlyMemory<byte> line = end < 0 ? throw new JsonException("the last line does not end") : body[..end];
        body = body[(end + 1)..];
        return line;
    }

    private sealed record Head(Guid Network, string Tenant, string Name, Encapsulation Encapsulation, long Revision, string Digest, int Count);
}
