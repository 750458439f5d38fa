using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hnv.Cli.Tests;

/// <summary>Certificates and keys that cannot be used are told with their file, before anybody is asked.</summary>
public sealed class CredentialsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-pem-").FullName;

    public CredentialsTests()
    {
        foreach (string name in new[] { "ca", "admin", "host1" })
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
                .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
            File.WriteAllText(InDirectory($"{name}.crt"), certificate.ExportCertificatePem());
            File.WriteAllText(InDirectory($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        }

        File.WriteAllText(InDirectory("text"), "no certificate");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("ca.crt", "admin.crt", "ca.key", "--key DIR/ca.key: is the key of another certificate than DIR/admin.crt")]
    [InlineData("ca.crt", "admin.crt", "nothing", "--key DIR/nothing: There is no such file.")]
    [InlineData("ca.crt", "admin.crt", "text", "--key DIR/text: has no private key")]
    [InlineData("ca.crt", "admin.crt", null, "--cert DIR/admin.crt: has no private key in it")]
    [InlineData("ca.crt", "text", "admin.key", "--cert DIR/text: has no certificate")]
    [InlineData("nothing", "admin.crt", "admin.key", "--ca DIR/nothing: There is no such file.")]
    [InlineData("text", "admin.crt", "admin.key", "--ca DIR/text: has no certificate")]
    [InlineData("", "admin.crt", "admin.key", "--ca DIR/: is a directory")]
    public async Task Files_ThatDoNotFit_AreToldByName(string authority, string certificate, string? key, string told)
    {
        CliRun run = await CliRun.RunAsync(
        [
            "get", "hosts", "--controller", "https://127.0.0.1:1", "--ca", InDirectory(authority), "--cert", InDirectory(certificate), .. key is null ? Array.Empty<string>() : ["--key", InDirectory(key)],
        ]);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error: {told.Replace("DIR", _directory, StringComparison.Ordinal)}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_WithoutACertificate_IsTold()
    {
        CliRun run = await CliRun.RunAsync(["get", "hosts", "--controller", "https://127.0.0.1:1", "--key", InDirectory("admin.key")]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--cert", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_ThatFit_AreUsed()
    {
        CliRun run = await CliRun.RunAsync(
            ["get", "hosts", "--controller", "https://127.0.0.1:1", "--ca", InDirectory("ca.crt"), "--cert", InDirectory("admin.crt"), "--key", InDirectory("admin.key")]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("cannot be reached", run.Error, StringComparison.Ordinal);
    }

    private string InDirectory(string name) => $"{_directory}/{name}";
}
