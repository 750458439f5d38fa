using System.Text;

namespace Hnv.Wire;

/// <summary>Domain names as DNS writes them (RFC 1035, 3.1), without compression.</summary>
public static class DomainName
{
    /// <param name="name">Labels with dots between them, of at most 63 characters each.</param>
    /// <exception cref="ArgumentException">A label is empty or too long.</exception>
    public static byte[] Encode(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        List<byte> bytes = [];
        foreach (string label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > 63)
            {
                throw new ArgumentException($"'{name}' is no domain name.", nameof(name));
            }

            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }

        bytes.Add(0);
        return [.. bytes];
    }
}
