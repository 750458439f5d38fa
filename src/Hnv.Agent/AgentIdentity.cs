using System.Text;
using Hnv.Linux;

namespace Hnv.Agent;

/// <summary>Where a host keeps what <c>hnv agent join</c> made: client certificate, private key and the authority to trust, all PEM.</summary>
internal sealed class AgentIdentity(string stateDirectory)
{
    private readonly string _directory = Path.Combine(stateDirectory, "identity");

    public string CertificateFile => Path.Combine(_directory, "host.crt");

    public string KeyFile => Path.Combine(_directory, "host.key");

    public string AuthorityFile => Path.Combine(_directory, "ca.crt");

    /// <summary>Whether the host has joined.</summary>
    public bool Exists => File.Exists(CertificateFile) && File.Exists(KeyFile) && File.Exists(AuthorityFile);

    /// <summary>Writes the three files, for root only. The certificate comes last: with it the identity exists.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Save(string certificatePem, string keyPem, string authorityPem)
    {
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Write(KeyFile, keyPem);
        Write(AuthorityFile, authorityPem);
        Write(CertificateFile, certificatePem);
    }

    /// <summary>Puts a renewed certificate, of the same key, in the place of the old one; atomically.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Replace(string certificatePem) => Write(CertificateFile, certificatePem);

    private static void Write(string path, string pem) => ReplacedFile.Write(path, Encoding.ASCII.GetBytes(pem));
}
