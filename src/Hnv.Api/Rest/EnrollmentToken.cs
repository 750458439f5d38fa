using System.Buffers.Text;
using System.Security.Cryptography;

namespace Hnv.Api.Rest;

/// <summary>
/// A one-time token as text: <c>hnv1.SECRET.FINGERPRINT</c>, both parts base64url of 32 bytes. The fingerprint is the SHA-256 of the
/// certificate authority's DER, so that the token alone tells whom to trust.
/// </summary>
public sealed record EnrollmentToken(byte[] Secret, byte[] AuthorityFingerprint)
{
    private const string Prefix = "hnv1";

    /// <summary>A new token with a random secret.</summary>
    public static EnrollmentToken Create(byte[] authorityFingerprint) =>
        new(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes), authorityFingerprint);

    /// <summary>Reads a token.</summary>
    /// <exception cref="FormatException">It is none, or part of it was lost.</exception>
    public static EnrollmentToken Parse(string text)
    {
        string[] parts = text.Trim().Split('.');
        if (parts is [Prefix, var secret, var fingerprint])
        {
            try
            {
                var token = new EnrollmentToken(Base64Url.DecodeFromChars(secret), Base64Url.DecodeFromChars(fingerprint));
                if (token.Secret.Length == SHA256.HashSizeInBytes && token.AuthorityFingerprint.Length == SHA256.HashSizeInBytes)
                {
                    return token;
                }
            }
            catch (FormatException e)
            {
                throw new FormatException("This is not an enrollment token: a part is not base64url.", e);
            }
        }

        throw new FormatException("This is not an enrollment token of the form hnv1.SECRET.FINGERPRINT, as 'hnv host enroll NAME' prints it.");
    }

    /// <summary>What the controller keeps instead of the secret: lower-case hexadecimal SHA-256.</summary>
    public string SecretHash() => Convert.ToHexStringLower(SHA256.HashData(Secret));

    /// <summary>The token as people pass it on.</summary>
    public override string ToString() => $"{Prefix}.{Base64Url.EncodeToString(Secret)}.{Base64Url.EncodeToString(AuthorityFingerprint)}";
}
