using System.Security.Cryptography;
using System.Text;
using Ashlar.Tokenizers.Files;

namespace Ashlar.Tokenizers;

/// <summary>Recognises a tokenizer by what it does to text, so that ids are never read with another one than wrote them.</summary>
public static class TokenizerFingerprint
{
    /// <summary>SHA-256 of the <c>tokenizer.json</c> that saving writes, 32 bytes: the same after saving and loading.</summary>
    public static byte[] Of(Tokenizer tokenizer) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(TokenizerJson.Write(tokenizer).ToJsonString()));
}
