using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hnv.Cli.Input;

namespace Hnv.Cli.Configuration;

/// <summary>Certificates and keys of those who ask a controller, from the files that the settings name.</summary>
internal static class Credentials
{
    private const string TooLarge = "A PEM file has a few KB.";

    /// <summary>The client's certificate with its key; null: none is set.</summary>
    /// <exception cref="CliException">A file cannot be read or used; its name, and who named it.</exception>
    public static X509Certificate2? ReadCertificate(ClientSetting certificate, ClientSetting key)
    {
        if (certificate.Value is not { } file)
        {
            return key.Value is null ? null : throw CliException.Usage("is the key of no certificate.", "Name its certificate, too: --cert FILE (HNV_CERT)", Where(key));
        }

        string pem = Text(certificate, "The client's certificate, PEM: --cert FILE (HNV_CERT)");
        string keyPem = key.Value is null ? pem : Text(key, "Its private key, PEM: --key FILE (HNV_KEY)");
        if (!HasBlock(pem, "CERTIFICATE"))
        {
            throw CliException.Usage("has no certificate in PEM (-----BEGIN CERTIFICATE-----).", "The client's certificate: --cert FILE (HNV_CERT)", Where(certificate));
        }

        if (!HasBlock(keyPem, "PRIVATE KEY"))
        {
            throw key.Value is null
                ? CliException.Usage("has no private key in it.", "Name the file that has: --key FILE (HNV_KEY)", Where(certificate))
                : CliException.Usage("has no private key in PEM (-----BEGIN PRIVATE KEY-----).", $"The key of {file}: --key FILE (HNV_KEY)", Where(key));
        }

        try
        {
            return X509Certificate2.CreateFromPem(pem, keyPem);
        }
        catch (ArgumentException)
        {
            throw CliException.Usage(
                $"is the key of another certificate than {file}.", "Give a certificate and its own key: --cert FILE --key FILE (HNV_CERT, HNV_KEY)",
                Where(key.Value is null ? certificate : key));
        }
        catch (CryptographicException e)
        {
            throw CliException.Usage($"cannot be used: {e.Message}", "A certificate and its key without a passphrase, PEM", Where(certificate));
        }
    }

    /// <summary>The authority that is trusted, PEM or DER; null: the system's.</summary>
    /// <exception cref="CliException">The file cannot be read or used; its name, and who named it.</exception>
    public static X509Certificate2? ReadAuthority(ClientSetting authority)
    {
        const string Expected = "The ca.crt that 'hnv controller init' wrote: --ca FILE (HNV_CA)";
        if (authority.Value is not { } file)
        {
            return null;
        }

        try
        {
            return X509CertificateLoader.LoadCertificate(InputFile.Read(file, InputFile.SmallFile, Expected, TooLarge, Where(authority)));
        }
        catch (CryptographicException)
        {
            throw CliException.Usage("has no certificate in PEM (-----BEGIN CERTIFICATE-----).", Expected, Where(authority));
        }
    }

    private static string Text(ClientSetting setting, string expected) =>
        Encoding.UTF8.GetString(InputFile.Read(setting.Value!, InputFile.SmallFile, expected, TooLarge, Where(setting)));

    /// <summary><c>--ca FILE</c>, <c>HNV_CA FILE</c>, or the file of settings and the file that it names.</summary>
    private static string Where(ClientSetting setting) => $"{setting.From["from ".Length..]} {setting.Value}";

    private static bool HasBlock(string pem, string label)
    {
        ReadOnlySpan<char> rest = pem;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (rest[fields.Label].EndsWith(label, StringComparison.Ordinal))
            {
                return true;
            }

            rest = rest[fields.Location.End..];
        }

        return false;
    }
}
