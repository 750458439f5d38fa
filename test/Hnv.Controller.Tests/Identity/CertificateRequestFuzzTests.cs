using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hnv.Controller.Identity;
using Hnv.Controller.Rest;
using Hnv.Fuzzing;

namespace Hnv.Controller.Tests.Identity;

/// <summary>Whatever a machine sends as its certificate request: a certificate for the host that the token was for, or a refusal that says why.</summary>
public sealed class CertificateRequestFuzzTests : IDisposable
{
    private const int GateRounds = 400, SoakRounds = 300_000;

    private static readonly Corpus s_corpus = new("Identity/corpus");

    private readonly TemporaryDirectory _directory = new();
    private readonly ControllerPki _pki;

    public CertificateRequestFuzzTests()
    {
        ControllerPki.Initialize(_directory.Path, []);
        _pki = ControllerPki.Load(_directory.Path)!;
    }

    public static TheoryData<string> Files => s_corpus.Theory;

    public void Dispose()
    {
        _pki.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Issue_CorpusFile_ACertificateOrARefusal(string file) => Assert.Equal(!file.StartsWith("refused", StringComparison.Ordinal), IssuesText(s_corpus.Read(file)));

    [Fact]
    public void Issue_MutatedCorpus_ACertificateOrARefusal() => Fuzz(GateRounds);

    [Fact]
    [Trait("Category", "Soak")]
    public void Issue_MutatedCorpusForLong_ACertificateOrARefusal() => Fuzz(SoakRounds);

    private void Fuzz(int rounds)
    {
        FuzzRun.Of(rounds, new Mutator(s_corpus.Samples, "-----BEGIN CERTIFICATE REQUEST-----\n", "-----END CERTIFICATE REQUEST-----\n", "=", "\0", "é"), IssuesText);
        byte[][] der = [.. s_corpus.Names.Where(static n => n is "p256.pem" or "refused-rsa.pem" or "refused-ed25519.pem").Select(static n => Der(s_corpus.Read(n)))];
        FuzzRun.Of(rounds, new Mutator(der), bytes => Issues(PemEncoding.WriteString("CERTIFICATE REQUEST", bytes)));
    }

    private bool IssuesText(byte[] pem) => Issues(Encoding.UTF8.GetString(pem));

    private bool Issues(string pem)
    {
        try
        {
            EnrollmentEndpoints.CheckRequest(pem);
        }
        catch (ProblemException e)
        {
            Assert.Equal(400, e.Status);
            return false;
        }

        using X509Certificate2 certificate = _pki.IssueHost("host1", pem);
        Assert.Equal(new Principal.Host("host1"), Authentication.OfCertificate(certificate));
        return true;
    }

    private static byte[] Der(byte[] pem)
    {
        string text = Encoding.ASCII.GetString(pem);
        return Convert.FromBase64String(text[PemEncoding.Find(text).Base64Data]);
    }
}
