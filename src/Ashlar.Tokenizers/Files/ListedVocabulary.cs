using System.Text;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers;

/// <summary>Tokenizers of vocabularies that are no more than a list, one token a line: those of OpenNMT and CTranslate2.</summary>
public static class ListedVocabulary
{
    private static readonly string[] ControlTokens = ["<blank>", "<pad>", "<unk>", "<s>", "</s>"];

    /// <summary>One token a character where every token but the control tokens is one, else one a word between white space.</summary>
    /// <param name="tokens">Tokens by id.</param>
    public static Tokenizer Create(IReadOnlyList<string> tokens)
    {
        string[] special = [.. tokens.Intersect(ControlTokens)];
        string? unknown = tokens.Contains("<unk>") ? "<unk>" : null;
        bool characters = tokens.Except(special).All(token => Rune.DecodeFromUtf16(token, out _, out int length) == System.Buffers.OperationStatus.Done && length == token.Length);
        return characters ? Characters(tokens, unknown, special) : Words(tokens, unknown, special);
    }

    /// <summary>One token a character; text is the characters without anything between them.</summary>
    /// <param name="tokens">Tokens by id.</param>
    /// <param name="unknown">The token for what is not listed; null makes that an error.</param>
    /// <param name="special">Control tokens; those that are not listed are passed over.</param>
    public static Tokenizer Characters(IReadOnlyList<string> tokens, string? unknown, IReadOnlyList<string> special)
    {
        int? id = unknown is null ? null : IndexOf(tokens, unknown);
        return Build(tokens, new CharacterModel(tokens, id), null, new IdentityDecoder("Fuse"), special, id);
    }

    /// <summary>One token a word; words are what stands between white space, and text has one space between them.</summary>
    /// <param name="tokens">Tokens by id.</param>
    /// <param name="unknown">The token for what is not listed; null makes that an error.</param>
    /// <param name="special">Control tokens; those that are not listed are passed over.</param>
    /// <exception cref="InvalidDataException">The unknown token is not listed.</exception>
    public static Tokenizer Words(IReadOnlyList<string> tokens, string? unknown, IReadOnlyList<string> special)
    {
        HashSet<int> outside = [.. special.Select(token => IndexOf(tokens, token)).OfType<int>()];
        WordLevelModel model = new(tokens, unknown, outside);
        return Build(tokens, model, new WhitespaceSplitPreTokenizer(), new SpaceJoinDecoder(), special, model.Unknown);
    }

    private static Tokenizer Build(
        IReadOnlyList<string> tokens, TokenModel model, PreTokenizer? preTokenizer, TokenDecoder decoder, IReadOnlyList<string> special, int? unknown) =>
        new(new TokenizerPipeline
        {
            Model = model,
            PreTokenizer = preTokenizer,
            Decoder = decoder,
            AddedTokens = [.. special.Where(tokens.Contains).Select(token => new AddedToken(IndexOf(tokens, token)!.Value, token, true))],
            SpecialTokens = new SpecialTokens(
                BeginOfText: IndexOf(tokens, "<s>"),
                EndOfText: IndexOf(tokens, "</s>"),
                Padding: IndexOf(tokens, "<blank>") ?? IndexOf(tokens, "<pad>"),
                Unknown: unknown),
        });

    private static int? IndexOf(IReadOnlyList<string> tokens, string token)
    {
        for (int id = 0; id < tokens.Count; id++)
            if (tokens[id] == token)
                return id;
        return null;
    }
}
