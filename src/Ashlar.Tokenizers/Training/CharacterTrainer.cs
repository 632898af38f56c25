using System.Text;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Training;

/// <summary>Collects the characters of a text, in code point order (nanoGPT's <c>shakespeare_char</c>).</summary>
public static class CharacterTrainer
{
    /// <summary>A tokenizer with one id a Unicode scalar of the documents.</summary>
    /// <param name="documents">The training text.</param>
    /// <param name="specialTokens">Tokens after the characters; <c>&lt;|endoftext|&gt;</c> is the end of text.</param>
    /// <param name="unknown">Whether characters that were not seen become <c>&lt;|unknown|&gt;</c> rather than an error.</param>
    public static Tokenizer Train(IEnumerable<string> documents, IReadOnlyList<string>? specialTokens = null, bool unknown = false)
    {
        SortedSet<int> seen = [];
        foreach (string document in documents)
            foreach (Rune rune in document.EnumerateRunes())
                seen.Add(rune.Value);
        List<string> tokens = [.. seen.Select(value => new Rune(value).ToString())];
        int? unknownId = unknown ? tokens.Count : null;
        if (unknown)
            tokens.Add("<|unknown|>");
        List<AddedToken> added = [];
        if (unknown)
            added.Add(new AddedToken(unknownId!.Value, "<|unknown|>", true));
        foreach (string token in specialTokens ?? [])
            added.Add(new AddedToken(tokens.Count + added.Count - (unknown ? 1 : 0), token, true));
        return new Tokenizer(new TokenizerPipeline
        {
            Model = new CharacterModel(tokens, unknownId),
            Decoder = new IdentityDecoder("Fuse"),
            AddedTokens = added,
            SpecialTokens = new SpecialTokens(EndOfText: added.Find(token => token.Content == "<|endoftext|>")?.Id, Unknown: unknownId),
        });
    }

    /// <summary>A tokenizer of given characters, such as another program's vocabulary.</summary>
    /// <param name="characters">
    /// Tokens by id. One that is not a single character never occurs in a text; an empty one gets a name of its own.
    /// </param>
    /// <exception cref="InvalidDataException">A token is there twice.</exception>
    public static Tokenizer FromCharacters(IReadOnlyList<string> characters)
    {
        List<string> tokens = [.. characters.Select((token, id) => token.Length > 0 ? token : $"<|empty-{id}|>")];
        if (tokens.GroupBy(token => token).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InvalidDataException($"the character '{twice.Key}' is in the vocabulary twice.");
        return new Tokenizer(new TokenizerPipeline
        {
            Model = new CharacterModel(tokens, unknown: null),
            Decoder = new IdentityDecoder("Fuse"),
        });
    }
}
