using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Attune.Feedback.Labels;

namespace Attune.Feedback.People;

/// <summary>Passwords and tokens. Neither can be recovered from what the store keeps.</summary>
internal static class Credentials
{
    private const string Scheme = "pbkdf2-sha256";
    private const int ShortestPassword = 10;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>256 random bits, so that the plain hash below cannot be guessed.</summary>
    public static string NewToken(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static string HashToken(string token) => StoreJson.Sha256(token);

    /// <summary>Salted PBKDF2; scheme and rounds are stored with it, so that they can be raised later.</summary>
    public static string HashPassword(string password, int rounds)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Scheme}${rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(Derive(password, salt, rounds))}"
        );
    }

    public static bool IsPassword(string password, string hash)
    {
        var parts = hash.Split('$');
        return parts is [Scheme, _, _, _]
            && CryptographicOperations.FixedTimeEquals(
                Derive(password, Convert.FromBase64String(parts[2]), int.Parse(parts[1], CultureInfo.InvariantCulture)),
                Convert.FromBase64String(parts[3])
            );
    }

    private static byte[] Derive(string password, byte[] salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, HashBytes);

    /// <summary>What is wrong with a new password; empty where it can be used.</summary>
    public static IEnumerable<string> Problems(string password)
    {
        if (password.Length is < ShortestPassword or > 1000)
        {
            yield return $"the password must have at least {ShortestPassword} characters.";
        }
    }
}
