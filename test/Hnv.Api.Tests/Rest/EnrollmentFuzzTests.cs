using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Fuzzing;

namespace Hnv.Api.Tests.Rest;

/// <summary>Whatever is given as a token, or shown as the certificate authority that it names: it is that, or refused by name.</summary>
public sealed class EnrollmentFuzzTests
{
    private const int GateRounds = 1_000, SoakRounds = 500_000;

    private static readonly Corpus s_tokens = new("Rest/corpus", "*.txt"), s_authorities = new("Rest/corpus", "*.pem");

    private static readonly EnrollmentToken s_token = EnrollmentToken.Parse(Encoding.ASCII.GetString(s_tokens.Read("token.txt")));

    public static TheoryData<string> Tokens => s_tokens.Theory;

    [Theory]
    [MemberData(nameof(Tokens))]
    public void Parse_CorpusFile_ATokenOrRefused(string file) => Assert.Equal(file == "token.txt", IsToken(s_tokens.Read(file)));

    [Fact]
    public void Parse_MutatedToken_ATokenOrRefused() => FuzzRun.Of(GateRounds, new Mutator(s_tokens.Samples, "hnv1", ".", "=", "-", "_", " ", "\n", "é"), IsToken);

    [Fact]
    public void ReadAuthority_MutatedCertificate_ThatOfTheTokenOrRefused() => FuzzRun.Of(GateRounds, new Mutator(s_authorities.Samples, "-----BEGIN CERTIFICATE-----\n", "=", "\n"), IsAuthority);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedForLong_AsNamedOrRefused()
    {
        FuzzRun.Of(SoakRounds, new Mutator(s_tokens.Samples, "hnv1", ".", "=", "-", "_", " ", "\n", "é"), IsToken);
        FuzzRun.Of(SoakRounds, new Mutator(s_authorities.Samples, "-----BEGIN CERTIFICATE-----\n", "=", "\n"), IsAuthority);
    }

    private static bool IsToken(byte[] text)
    {
        try
        {
            EnrollmentToken token = EnrollmentToken.Parse(Encoding.UTF8.GetString(text));
            EnrollmentToken again = EnrollmentToken.Parse(token.ToString());
            Assert.Equal(token.Secret, again.Secret);
            Assert.Equal(token.AuthorityFingerprint, again.AuthorityFingerprint);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsAuthority(byte[] pem)
    {
        try
        {
            using X509Certificate2 authority = HostEnrollment.ReadAuthority(Encoding.UTF8.GetString(pem), "https://c:1", s_token);
            Assert.Equal(s_token.AuthorityFingerprint, SHA256.HashData(authority.RawData));
            return true;
        }
        catch (HnvApiException)
        {
            return false;
        }
    }
}
