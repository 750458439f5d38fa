using System.Security.Cryptography;
using Hnv.Agent.Cache;
using Hnv.Agent.Sync;
using Hnv.Fuzzing;

namespace Hnv.Agent.Tests.Cache;

/// <summary>Whatever a cached policy holds behind a right checksum: a policy that is written and read again as it was, or one refusal. The corpus has files of agents in a lab.</summary>
public sealed class PolicyFileFuzzTests
{
    private const int GateRounds = 1_500, SoakRounds = 1_000_000;

    private static readonly Corpus s_corpus = new("Cache/corpus");

    private static readonly string[] s_words = ["\n", "null\n", "{}\n", "0.0.0.0", "::/0", "fe80::1%1", "10.0.0.1/8", "\\ud800", "[", "{\"item\":\"peer\",\"providerAddress\":\"192.168.4.22\",\"flowId\":\"hash\"}\n"];

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_IsUnderstood(string file) => Assert.True(Read(s_corpus.Read(file)));

    [Fact]
    public void Read_MutatedAndSealed_IsUnderstoodOrRefused() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples, s_words), Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedAndSealedForLong_IsUnderstoodOrRefused() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples, s_words), Read);

    private static bool Read(byte[] bytes)
    {
        byte[] file = [.. bytes];
        if (file.Length >= 44)
        {
            SHA256.HashData((byte[])[.. file[..12], .. file[44..]]).CopyTo(file, 12);
        }

        try
        {
            HeldNetworkPolicy policy = PolicyFile.Read(file);
            using var written = new MemoryStream();
            PolicyFile.Write(written, policy);
            HeldNetworkPolicy again = PolicyFile.Read(written.ToArray());
            Assert.Equal((policy.Network, policy.Revision, policy.Digest, policy.Tenant, policy.Name), (again.Network, again.Revision, again.Digest, again.Tenant, again.Name));
            Assert.Equal(policy.Items.OrderBy(static i => i.Key, StringComparer.Ordinal), again.Items.OrderBy(static i => i.Key, StringComparer.Ordinal));
            return true;
        }
        catch (PolicyFileException)
        {
            return false;
        }
    }
}
