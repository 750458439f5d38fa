using System.Buffers.Binary;
using System.Security.Cryptography;
using Hnv.Agent.Cache;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Cache;

public sealed class PolicyFileTests
{
    private readonly byte[] _bytes = Write(Policy(Blue, 5, Subnet(), Route(), Record("10.0.0.5", port: "blue/blue1"), Port(), Peer()));

    [Fact]
    public void Read_WhatWasWritten_IsEqual()
    {
        HeldNetworkPolicy read = PolicyFile.Read(_bytes);
        Assert.Equal((Blue, 5, "blue-corp", "blue"), (read.Network, read.Revision, read.Tenant, read.Name));
        Assert.Equal(
            new Api.Stream.PolicyItem[] { Subnet(), Route(), Record("10.0.0.5", port: "blue/blue1"), Port(), Peer() }.OrderBy(i => i.Key, StringComparer.Ordinal),
            read.Items.Values.OrderBy(i => i.Key, StringComparer.Ordinal));
    }

    /// <summary>A file that an earlier build wrote: the format, the names of fields and the digest are a promise.</summary>
    [Fact]
    public void Read_FileThatAnEarlierBuildWrote_SaysTheSame()
    {
        HeldNetworkPolicy read = PolicyFile.Read(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Cache", "format-1.policy")));
        Assert.Equal((Blue, 5, "blue-corp", "blue"), (read.Network, read.Revision, read.Tenant, read.Name));
        Assert.Equal(
            new Api.Stream.PolicyItem[] { Subnet(), Route(), Record("10.0.0.5", port: "blue/blue1"), Port(), Peer() }.OrderBy(i => i.Key, StringComparer.Ordinal),
            read.Items.Values.OrderBy(i => i.Key, StringComparer.Ordinal));
    }

    /// <summary>
    /// An agent of protocol 2 wrote it: learning, floods, a pool, a move, both families, VXLAN. Reading it verifies its digest, so every item still
    /// has the JSON that it had, and the file's claim still fits what a controller has.
    /// </summary>
    [Fact]
    public void Read_FileThatAnAgentOfProtocol2Wrote_SaysTheSame()
    {
        HeldNetworkPolicy read = PolicyFile.Read(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Cache", "protocol-2.policy")));

        Assert.Equal((1, "blue", Encapsulation.Vxlan, "05bcf611213fb39ce46982e33c0b68b2"), (read.Revision, read.Name, read.Encapsulation, read.Digest.ToString()));
        Assert.Equal(17, read.Items.Count);
        Assert.Equal(
            [nameof(MemberItem), nameof(MoveItem), nameof(PeerItem), nameof(PortItem), nameof(RecordItem), nameof(RouteItem), nameof(SubnetItem)],
            read.Items.Values.Select(static i => i.GetType().Name).Distinct().Order(StringComparer.Ordinal));
        Assert.True(((PortItem)read.Items["port/blue-corp/p1"]).Prepared);
        Assert.Equal((FloodingMode.Multicast, 1400u), (((SubnetItem)read.Items["subnet/5002"]).Flooding, ((SubnetItem)read.Items["subnet/5002"]).Pool!.Mtu));
    }

    [Fact]
    public void Read_AnyByteFlipped_IsRefused()
    {
        for (int i = 0; i < _bytes.Length; i++)
        {
            foreach (byte flip in (ReadOnlySpan<byte>)[0x01, 0x80, 0xff])
            {
                byte[] damaged = [.. _bytes];
                damaged[i] ^= flip;
                Assert.Throws<PolicyFileException>(() => PolicyFile.Read(damaged));
            }
        }
    }

    [Fact]
    public void Read_AnyLength_CutShort_IsRefused()
    {
        for (int length = 0; length < _bytes.Length; length++)
        {
            Assert.Throws<PolicyFileException>(() => PolicyFile.Read(_bytes.AsMemory(0, length)));
        }
    }

    [Fact]
    public void Read_WithSomethingBehind_IsRefused() => Assert.Throws<PolicyFileException>(() => PolicyFile.Read((byte[])[.. _bytes, 0x0a]));

    [Fact]
    public void Read_NewerFormat_SaysSo()
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(8), PolicyFile.Format + 1);
        Seal(_bytes);
        Assert.Contains($"format {PolicyFile.Format + 1}", Assert.Throws<PolicyFileException>(() => PolicyFile.Read(_bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SealedNonsense_IsRefused()
    {
        foreach (string body in (string[])["", "\n", "null\n", "{}\n", "[]\n", "{\"network\":1}\n", "\"\\ud800\"\n", new string('[', 5000) + "\n"])
        {
            byte[] file = [.. _bytes[..44], .. System.Text.Encoding.UTF8.GetBytes(body)];
            Seal(file);
            Assert.Throws<PolicyFileException>(() => PolicyFile.Read(file));
        }
    }

    private static void Seal(byte[] file) => SHA256.HashData((byte[])[.. file[..12], .. file[44..]]).CopyTo(file, 12);

    private static byte[] Write(HeldNetworkPolicy policy)
    {
        using var stream = new MemoryStream();
        PolicyFile.Write(stream, policy);
        return stream.ToArray();
    }
}
